package docs_test

import (
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

// TestAccGettingStarted follows the guide word for word, except for building and
// starting: the emulator runs here, on free ports, and generates the guide's key.
func TestAccGettingStarted(t *testing.T) {
	t.Parallel()
	w := newEmptyWorkspace(t)
	w.server = twcloudtest.New(t, func(config *twcloudtest.Config) { config.NewKey = func() string { return exampleKey } })
	admin := httptest.NewServer(control.New(w.server))
	t.Cleanup(admin.Close)

	w.Dir = filepath.Join(w.Dir, "terraform-provider-twcloud")
	w.Env = slices.DeleteFunc(w.Env, func(variable string) bool { return strings.HasPrefix(variable, "TWCLOUD_") })
	for binary, pkg := range map[string]string{
		"terraform-provider-twcloud": ".",
		".bin/twcloud-emulator":      "internal/twcloudtest/cmd/twcloud-emulator",
	} {
		if err := terraformcli.Build(t.Context(), pkg, filepath.Join(w.Dir, binary), false); err != nil {
			t.Fatal(err)
		}
	}
	blocks := slices.DeleteFunc(readDocument(t, filepath.Join(root, "docs", "guides", "getting-started.md")).blocks, func(b block) bool {
		return strings.Contains(b.text, "git clone") || b.text == ".bin/twcloud-emulator\n" || strings.Contains(b.text, "example.com")
	})
	here := strings.NewReplacer("http://127.0.0.1:8111", w.server.URL(), "http://127.0.0.1:8443", w.server.WebAppURL(),
		`"$repository/.bin/twcloud-emulator" `, `emulator `)
	for i := range blocks {
		if blocks[i].language != "text" {
			blocks[i].text = here.Replace(blocks[i].text)
		}
	}
	w.follow(t, `emulator() { "$repository/.bin/twcloud-emulator" "$1" -control-address `+strings.TrimPrefix(admin.URL, "http://")+` "${@:2}"; }
`, blocks)
	w.onServer(t, nil)
}
