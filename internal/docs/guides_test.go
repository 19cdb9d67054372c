package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/control"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// TestAccGettingStarted follows the guide word for word, except for building and
// starting: the emulator runs here, on free ports, and generates the guide's key.
func TestAccGettingStarted(t *testing.T) {
	t.Parallel()
	w := newEmptyWorkspace(t)
	emulate := w.controlled(t)

	w.Dir = filepath.Join(w.Dir, "terraform-provider-twcloud")
	w.Env = slices.DeleteFunc(w.Env, func(variable string) bool { return strings.HasPrefix(variable, "TWCLOUD_") })
	for binary, pkg := range map[string]string{
		"terraform-provider-twcloud": ".",
		".bin/twcloud-emulator":      "internal/emulator/cmd/twcloud-emulator",
	} {
		if err := terraformcli.Build(t.Context(), pkg, filepath.Join(w.Dir, binary)); err != nil {
			t.Fatal(err)
		}
	}
	blocks := slices.DeleteFunc(readDocument(t, filepath.Join(root, "docs", "guides", "getting-started.md")).blocks, func(b block) bool {
		return strings.Contains(b.text, "git clone") || b.text == ".bin/twcloud-emulator\n" || strings.Contains(b.text, "example.com")
	})
	here := strings.NewReplacer("http://127.0.0.1:8111", w.Server.URL(), "http://127.0.0.1:8443", w.Server.WebAppURL(), viaControl, `emulator `)
	for i := range blocks {
		if blocks[i].language != "text" {
			blocks[i].text = here.Replace(blocks[i].text)
		}
	}
	w.follow(t, emulate, blocks)
	w.onServer(t, nil)
}

// viaControl begins the commands of the guides that change the emulator.
const viaControl = `"$repository/.bin/twcloud-emulator" `

// controlled starts a server that generates the key of the guides, and its control page.
// It returns a function of the shell that takes the place of viaControl.
func (w *workspace) controlled(t *testing.T) (emulate string) {
	t.Helper()
	w.Server = emulator.New(t, func(config *emulator.Config) { config.NewKey = func() string { return exampleKey } })
	admin := httptest.NewServer(control.New(w.Server))
	t.Cleanup(admin.Close)
	return `emulator() { ` + viaControl + `"$1" -control-address ` + strings.TrimPrefix(admin.URL, "http://") + ` "${@:2}"; }
`
}

// TestAccRegisteredByCode follows the guide, without an address of the REST API and
// without credentials.
func TestAccRegisteredByCode(t *testing.T) {
	t.Parallel()
	w := newEmptyWorkspace(t)
	emulate := w.controlled(t)
	binaries := t.TempDir()
	if err := terraformcli.Build(t.Context(), "internal/emulator/cmd/twcloud-emulator", filepath.Join(binaries, ".bin", "twcloud-emulator")); err != nil {
		t.Fatal(err)
	}
	w.Env = append(w.Env, "repository="+binaries, "TWCLOUD_WEBAPP_ENDPOINT="+w.Server.WebAppURL())
	blocks := readDocument(t, filepath.Join(root, "templates", "guides", "registered-by-code.md")).blocks
	for i := range blocks {
		blocks[i].text = strings.ReplaceAll(blocks[i].text, viaControl, `emulator `)
	}
	w.follow(t, emulate, blocks)
	w.onServer(t, nil)
	if w.Server.SessionsOpened()+w.Server.OpenPlatformSessions() > 0 {
		t.Error("the guide has opened a session")
	}
}

// What learn finds, and how a mistake in a profile is told, are in the guide as they are.
func TestWhenYourServerDiffers(t *testing.T) {
	t.Parallel()
	const guide = "when-your-server-differs.md"
	var findings strings.Builder
	learn.Run([]string{"-o", filepath.Join(t.TempDir(), "profile.json"), filepath.Join(root, "internal", "learn", "testdata", "status-words.har")}, nil, nil, &findings)
	for _, found := range texts(t, section(t, guide, "2. Learn"), "text", 1) {
		contains(t, findings.String(), found)
	}

	blocks := section(t, guide, "Write or mend a profile")
	wrong := strings.Replace(texts(t, blocks, "json", 1)[0], `"path": "/osmc/admin/consumers"`, `"path": "https://x/osmc"`, 1)
	_, mistakes := twcloud.ParseProfile([]byte(wrong))
	contains(t, strings.Join(strings.Fields(texts(t, blocks, "text", 1)[0]), " "), strings.Join(mistakes, "; "))
}

const adoptingGuide = "adopting-existing-consumers.md"

// newAdopter has an empty folder, and a server with 200 consumers that were made by
// hand.
func newAdopter(t *testing.T) *workspace {
	t.Helper()
	w := newEmptyWorkspace(t)
	names := []string{
		"twin", "twin", "${not} %{a} $${template}", `back\slash "quoted" <b>&'`, "Ünïcode – 統合", "two\nlines", " blank ", "Requirements tool",
	}
	for i := range 200 {
		name := fmt.Sprintf("Requirements tool %d", i)
		if i < len(names) {
			name = names[i]
		}
		w.Server.AddConsumer(emulator.Consumer{Name: name, Secret: "made by hand", Approved: i%3 > 0})
	}
	return w
}

// TestAccAdopting_dataSource follows the guide with the data source, and then what it
// says about secrets, and about both ways of going back.
func TestAccAdopting_dataSource(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	before := w.Server.Consumers()
	w.follow(t, "", section(t, adoptingGuide, "With the data source"))
	w.unchanged(t, before, nil)
	goneBack := func(secrets map[string]string) {
		t.Helper()
		w.unchanged(t, before, secrets)
		if left := w.mustRun(t, "state", "list"); left != "" {
			t.Errorf("left in state: %s", left)
		}
	}

	adopted, copied := filepath.Join(w.Dir, "adopted"), filepath.Join(w.Dir, "copied")
	if err := os.CopyFS(copied, os.DirFS(adopted)); err != nil {
		t.Fatal(err)
	}
	w.Dir = copied
	w.follow(t, "", section(t, adoptingGuide, "Going back"))
	goneBack(nil)

	w.Dir = adopted
	header, _, _ := strings.Cut(readFile(t, filepath.Join(w.Dir, "main.tf")), "\nresource ")
	replace := func(heading string) {
		t.Helper()
		w.WriteFile(t, "main.tf", header+"\n"+texts(t, section(t, adoptingGuide, heading), "terraform", 1)[0])
	}
	changed := map[string]string{"Requirements tool": "n3w"}
	replace("Afterwards")
	contains(t, w.apply(t, `TF_VAR_secrets={"Requirements tool" = "n3w"}`), "0 added, 1 changed, 0 destroyed")
	w.unchanged(t, before, changed)
	w.noChanges(t)
	replace("Going back")
	contains(t, w.apply(t), "0 added, 0 changed, 0 destroyed")
	goneBack(changed)
}

func TestAccAdopting_query(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	w.needQuery(t)
	before := w.Server.Consumers()
	blocks := section(t, adoptingGuide, "With `terraform query`")
	w.follow(t, "", blocks)
	w.unchanged(t, before, nil)

	w.Dir = filepath.Join(w.Dir, "query")
	w.WriteFile(t, "consumers.tfquery.hcl", texts(t, blocks, "terraform", 1)[0])
	want := 0
	for _, consumer := range before {
		if strings.HasPrefix(consumer.Name, "Requirements tool") && consumer.Approved {
			want++
		}
	}
	_, output := w.run(t, "query", "-json")
	if got := strings.Count(output, `"type":"list_resource_found"`); got != want {
		t.Errorf("the filter lists %d consumers, want %d", got, want)
	}
}

const scriptsGuide = "coming-from-scripts.md"

// newMigration has a server with the consumer of the guide.
func newMigration(t *testing.T) *workspace {
	t.Helper()
	w := newExampleWorkspace(t)
	w.Server.UpdateConsumer(exampleKey, func(consumer *emulator.Consumer) { consumer.Secret = "s3cret" })
	return w
}

func TestAccScripts_import(t *testing.T) {
	t.Parallel()
	w := newMigration(t)
	before := w.Server.Consumers()
	blocks := section(t, scriptsGuide, "Take over what the script has made")
	configurations := texts(t, blocks, "terraform", 2)
	w.WriteFile(t, "main.tf", configurations[0])
	output, _ := w.plan(t)
	contains(t, output, strings.TrimSpace(texts(t, blocks, "text", 1)[0]))
	w.apply(t)

	// Terraform sets the secret once, to the same value.
	w.WriteFile(t, "main.tf", configurations[1])
	contains(t, w.apply(t), "0 added, 1 changed, 0 destroyed")
	w.unchanged(t, before, nil)
	w.noChanges(t)
}

// TestAccAdopting_restapi follows the guide that moves a consumer from restapi.
func TestAccAdopting_restapi(t *testing.T) {
	t.Parallel()
	blocks := section(t, adoptingGuide, "From the generic REST provider")
	w := newMigration(t)
	before := w.Server.Consumers()
	w.managedByRestapi(t)
	w.WriteFile(t, "main.tf", texts(t, blocks, "terraform", 2)[0])
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
// the consumer of the guide. It puts a provider of that name into the mirror, because
// Terraform starts each provider that the state names, to ask for its schemas.
func (w *workspace) managedByRestapi(t *testing.T) {
	t.Helper()
	w.WriteFile(t, "terraform.tfstate", fmt.Sprintf(`{
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
	binary := filepath.ToSlash(terraformtest.Provider(t))
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		other := strings.NewReplacer("registry.terraform.io", registry, "twcloud-community/twcloud", "mastercard/restapi",
			"terraform-provider-twcloud", "terraform-provider-restapi").Replace(binary)
		if err := errors.Join(os.MkdirAll(filepath.Dir(other), 0o750), os.Link(binary, other)); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
}
