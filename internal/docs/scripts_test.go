package docs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const scriptsGuide = "coming-from-scripts.md"

// newMigration has a server with the consumer of the guide.
func newMigration(t *testing.T) *workspace {
	t.Helper()
	w := newExampleWorkspace(t)
	w.server.UpdateConsumer(exampleKey, func(consumer *twcloudtest.Consumer) { consumer.Secret = "s3cret" })
	return w
}

func TestAccScripts_import(t *testing.T) {
	t.Parallel()
	w := newMigration(t)
	before := w.server.Consumers()
	blocks := section(t, scriptsGuide, "Take over what the script has made")
	configurations := texts(t, blocks, "terraform", 2)
	w.write(t, "main.tf", configurations[0])
	output, _ := w.plan(t)
	contains(t, output, strings.TrimSpace(texts(t, blocks, "text", 1)[0]))
	w.apply(t)

	// Terraform sets the secret once, to the same value.
	w.write(t, "main.tf", configurations[1])
	contains(t, w.apply(t), "0 added, 1 changed, 0 destroyed")
	w.unchanged(t, before, nil)
	w.noChanges(t)
}

// TestAccAdopting_restapi follows the guide that moves a consumer from restapi.
func TestAccAdopting_restapi(t *testing.T) {
	t.Parallel()
	blocks := section(t, adoptingGuide, "From the generic REST provider")
	w := newMigration(t)
	before := w.server.Consumers()
	w.managedByRestapi(t)
	w.write(t, "main.tf", texts(t, blocks, "terraform", 2)[0])
	w.mustRun(t, "init")
	status, output := w.run(t, "plan")
	switch {
	case strings.Contains(output, "Resource type mismatch"):
		t.Skip("this needs Terraform 1.8 or OpenTofu 1.10")
	case status != 0:
		t.Fatal(output)
	}
	for line := range strings.Lines(texts(t, blocks, "text", 1)[0]) {
		contains(t, output, strings.Join(strings.Fields(line), " "))
	}
	w.apply(t)
	w.unchanged(t, before, nil)
	if got := w.mustRun(t, "state", "list"); got != doors {
		t.Errorf("in state: %s, want %s", got, doors)
	}
}

// managedByRestapi writes the state of Mastercard/restapi, version 3, that manages
// the consumer of the guide, and has the mirror serve a provider of that name:
// Terraform starts one that state names, if only to ask for its schemas.
func (w *workspace) managedByRestapi(t *testing.T) {
	t.Helper()
	w.write(t, "terraform.tfstate", fmt.Sprintf(`{
  "version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "5c4d3f51-1f6e-4f3d-9d3c-0d1b7f0f8a11", "outputs": {},
  "resources": [{
    "mode": "managed", "type": "restapi_object", "name": "doors", "provider": "provider[\"registry.terraform.io/mastercard/restapi\"]",
    "instances": [{"schema_version": 0, "attributes": {
      "id": %[1]q, "path": "/osmc/admin/oauthconsumers", "id_attribute": "key",
      "api_data": {"approved": "true", "key": %[1]q, "name": "doors-next"},
      "data": "{\"approved\":true,\"name\":\"doors-next\",\"secret\":\"s3cret\"}"
    }}]
  }]
}`, exampleKey))
	if err := serveRestapi(terraformtest.Provider(t)); err != nil {
		t.Fatal(err)
	}
}

// serveRestapi links the provider in the mirror under the name of restapi, for
// Terraform and for OpenTofu.
func serveRestapi(binary string) error {
	restapiServed.Do(func() {
		for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			other := strings.NewReplacer("registry.terraform.io", registry, "twcloud-community/twcloud", "mastercard/restapi",
				"terraform-provider-twcloud", "terraform-provider-restapi").Replace(filepath.ToSlash(binary))
			errRestapi = errors.Join(errRestapi, os.MkdirAll(filepath.Dir(other), 0o750), os.Link(binary, other))
		}
	})
	return errRestapi
}

var (
	restapiServed sync.Once
	errRestapi    error
)
