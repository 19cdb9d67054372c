package provider_test

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

var (
	// firstIdentity is the first version of Terraform, and of OpenTofu, with
	// resource identities.
	firstIdentity = version.Must(version.NewVersion("1.12.0"))
	// firstMove is the first version of OpenTofu in which a moved block can change
	// the resource type. Terraform has it since 1.8.
	firstMove = version.Must(version.NewVersion("1.10.0"))
	// firstQuery is the first version of Terraform with terraform query, which
	// OpenTofu does not have.
	firstQuery = version.Must(version.NewVersion("1.14.0"))
)

// runFrom runs the steps with a real Terraform, if it is of at least a version.
func (h *harness) runFrom(t *testing.T, first *version.Version, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(first)},
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"twcloud": func() (tfprotov6.ProviderServer, error) { return h.provider.Server(), nil },
		},
		Steps: steps,
	})
}

// skipBelow skips the test if Terraform is older than a version.
func (w *workspace) skipBelow(t *testing.T, first *version.Version) {
	t.Helper()
	var found struct {
		Version string `json:"terraform_version"`
	}
	output := runTerraform(t, w.dir, nil, "version", "-json").mustSucceed(t).Output
	if err := json.Unmarshal([]byte(output), &found); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	if current := version.Must(version.NewVersion(found.Version)); current.LessThan(first) {
		t.Skipf("Terraform is %s, and this needs %s", current, first)
	}
}
