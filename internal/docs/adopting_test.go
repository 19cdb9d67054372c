package docs_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

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
		w.server.AddConsumer(twcloudtest.Consumer{Name: name, Secret: "made by hand", Approved: i%3 > 0})
	}
	return w
}

func (w *workspace) nothingInState(t *testing.T) {
	t.Helper()
	if left := w.mustRun(t, "state", "list"); left != "" {
		t.Errorf("left in state: %s", left)
	}
}

func TestAccAdopting_dataSource(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	before := w.server.Consumers()
	w.follow(t, "", section(t, adoptingGuide, "With the data source"))
	w.unchanged(t, before, nil)

	// Then what the guide says about secrets, and about going back.
	w.Dir = filepath.Join(w.Dir, "adopted")
	header, _, _ := strings.Cut(readFile(t, filepath.Join(w.Dir, "main.tf")), "\nresource ")
	replace := func(heading string) {
		t.Helper()
		w.write(t, "main.tf", header+"\n"+texts(t, section(t, adoptingGuide, heading), "terraform", 1)[0])
	}
	changed := map[string]string{"Requirements tool": "n3w"}
	replace("Afterwards")
	contains(t, w.apply(t, `TF_VAR_secrets={"Requirements tool" = "n3w"}`), "0 added, 1 changed, 0 destroyed")
	w.unchanged(t, before, changed)
	w.noChanges(t)
	replace("Going back")
	contains(t, w.apply(t), "0 added, 0 changed, 0 destroyed")
	w.unchanged(t, before, changed)
	w.nothingInState(t)
}

func TestAccAdopting_stateRemove(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	before := w.server.Consumers()
	w.follow(t, "", section(t, adoptingGuide, "With the data source"))
	w.Dir = filepath.Join(w.Dir, "adopted")
	w.follow(t, "", section(t, adoptingGuide, "Going back"))
	w.unchanged(t, before, nil)
	w.nothingInState(t)
}

func TestAccAdopting_query(t *testing.T) {
	t.Parallel()
	w := newAdopter(t)
	w.needQuery(t)
	before := w.server.Consumers()
	blocks := section(t, adoptingGuide, "With `terraform query`")
	w.follow(t, "", blocks)
	w.unchanged(t, before, nil)

	w.Dir = filepath.Join(w.Dir, "query")
	w.write(t, "consumers.tfquery.hcl", texts(t, blocks, "terraform", 1)[0])
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
