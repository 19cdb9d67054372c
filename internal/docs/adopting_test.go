package docs_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const adoptingGuide = "adopting-existing-consumers.md"

// section returns the code blocks of a guide under a heading of the second level.
func section(t *testing.T, guide, heading string) []block {
	t.Helper()
	path := filepath.Join(root, "templates", "guides", guide)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile(`(?m)^## .*$`).FindAllIndex(content, -1)
	for i, at := range headings {
		if string(content[at[0]:at[1]]) != "## "+heading {
			continue
		}
		end := len(content)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		line := func(offset int) int { return bytes.Count(content[:offset], []byte("\n")) + 1 }
		return slices.DeleteFunc(readDocument(t, path).blocks, func(b block) bool {
			return b.line < line(at[0]) || b.line > line(end)
		})
	}
	t.Fatalf("%s has no heading %q", guide, heading)
	return nil
}

// only returns the one block in a language.
func only(t *testing.T, blocks []block, language string) string {
	t.Helper()
	blocks = slices.DeleteFunc(slices.Clone(blocks), func(b block) bool { return b.language != language })
	if len(blocks) != 1 {
		t.Fatalf("%d blocks in %s, want one", len(blocks), language)
	}
	return blocks[0].text
}

// newAdopter is an empty folder that uses the provider without having installed
// it, and a server with 200 consumers that somebody made by hand.
func newAdopter(t *testing.T) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	w := &workspace{dir: t.TempDir(), server: twcloudtest.New(t)}
	names := []string{"twin", "twin", "${not} %{a} $${template}", `back\slash "quoted" <b>&'`, "Ünïcode – 統合", "two\nlines", " blank "}
	for i := range 200 {
		name := fmt.Sprintf("Requirements tool %d", i)
		if i < len(names) {
			name = names[i]
		} else if i == len(names) {
			name = "Requirements tool"
		}
		w.server.AddConsumer(twcloudtest.Consumer{Name: name, Secret: "made by hand", Approved: i%3 > 0})
	}
	binaries, err := filepath.Glob(filepath.Join(mirror(t), filepath.FromSlash(providerSource), providerVersion, "*"))
	if err != nil || len(binaries) != 1 {
		t.Fatalf("found %v: %v", binaries, err)
	}
	config := filepath.Join(t.TempDir(), "dev.tfrc")
	content := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"twcloud-community/twcloud\" = %q\n  }\n  direct {}\n}\n", filepath.ToSlash(binaries[0]))
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	w.environment = append(cleanEnvironment(), "TF_CLI_CONFIG_FILE="+config,
		"TWCLOUD_ENDPOINT="+w.server.URL(), "TWCLOUD_WEBAPP_ENDPOINT="+w.server.WebAppURL(),
		"TWCLOUD_USERNAME="+twcloudtest.AdminName, "TWCLOUD_PASSWORD="+twcloudtest.AdminPassword)
	return w
}

// follow runs the blocks in shell word for word, and holds their output to the
// lines that follow them in the guide.
func (w *workspace) follow(t *testing.T, blocks []block) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	script := "set -e\nterraform() { command '" + terraformPath() + "' \"$@\"; }\n"
	var expected [][]string
	for _, b := range blocks {
		switch b.language {
		case "shell":
			script += b.text + "echo '" + endOfBlock + "'\n"
			expected = append(expected, nil)
		case "text":
			last := len(expected) - 1
			expected[last] = append(expected[last], strings.Split(strings.TrimSpace(b.text), "\n")...)
		}
	}
	command := exec.CommandContext(t.Context(), bash)
	command.Dir, command.Env, command.Stdin = w.dir, w.environment, strings.NewReader(script)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for i, written := range strings.SplitN(string(output), endOfBlock, len(expected)) {
		wantWords(t, written, expected[i]...)
	}
}

// untouched fails unless the consumers are as they were, but for some secrets.
func (w *workspace) untouched(t *testing.T, before []twcloudtest.Consumer, secrets map[string]string) {
	t.Helper()
	want := slices.Clone(before)
	for i := range want {
		if secret, changed := secrets[want[i].Name]; changed {
			want[i].Secret = secret
		}
	}
	if got := w.server.Consumers(); !slices.Equal(got, want) {
		t.Errorf("on the server: %v, want %v", got, want)
	}
}

func TestAccAdopting_dataSource(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	before := w.server.Consumers()
	w.follow(t, section(t, adoptingGuide, "With the data source"))
	w.untouched(t, before, nil)

	// What the guide says on secrets, and on going back.
	w.dir = filepath.Join(w.dir, "adopted")
	path := filepath.Join(w.dir, "main.tf")
	main, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(main), "\nresource ")
	replace := func(heading string) {
		t.Helper()
		text := header + "\n" + only(t, section(t, adoptingGuide, heading), "terraform")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replace("Afterwards")
	wantWords(t, w.apply(t, `TF_VAR_secrets={"Requirements tool" = "n3w"}`), "0 added, 1 changed, 0 destroyed")
	w.untouched(t, before, map[string]string{"Requirements tool": "n3w"})
	if _, changes := w.plan(t); changes {
		t.Error("a second plan has changes")
	}
	replace("Going back")
	wantWords(t, w.apply(t), "0 added, 0 changed, 0 destroyed")
	w.untouched(t, before, map[string]string{"Requirements tool": "n3w"})
	if left := w.mustRun(t, "state", "list"); left != "" {
		t.Errorf("left in state: %s", left)
	}
}

func TestAccAdopting_stateRemove(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	before := w.server.Consumers()
	w.follow(t, section(t, adoptingGuide, "With the data source"))
	w.dir = filepath.Join(w.dir, "adopted")
	w.follow(t, section(t, adoptingGuide, "Going back"))
	w.untouched(t, before, nil)
	if left := w.mustRun(t, "state", "list"); left != "" {
		t.Errorf("left in state: %s", left)
	}
}

func TestAccAdopting_query(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	command := exec.CommandContext(t.Context(), terraformPath(), "query", "-help")
	if help, err := command.CombinedOutput(); err != nil || !strings.Contains(string(help), "query [options]") {
		t.Skip("this needs terraform query")
	}
	before := w.server.Consumers()
	blocks := section(t, adoptingGuide, "With `terraform query`")
	w.follow(t, blocks)
	w.untouched(t, before, nil)

	w.dir = filepath.Join(w.dir, "query")
	filtered := only(t, blocks, "terraform")
	if err := os.WriteFile(filepath.Join(w.dir, "consumers.tfquery.hcl"), []byte(filtered), 0o600); err != nil {
		t.Fatal(err)
	}
	listed := 0
	_, output := w.run(t, "query", "-json")
	for line := range strings.SplitSeq(output, "} {") {
		if strings.Contains(line, `"list_resource_found"`) {
			listed++
		}
	}
	want := 0
	for _, consumer := range before {
		if strings.HasPrefix(consumer.Name, "Requirements tool") && consumer.Approved {
			want++
		}
	}
	if listed != want {
		t.Errorf("the filter lists %d consumers, want %d", listed, want)
	}
}
