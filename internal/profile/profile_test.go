package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documents are the built-in profile and all dialects of the emulator, by name.
func documents(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../emulator/dialects/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialects: %v", err)
	}
	found := map[string][]byte{}
	for _, file := range append(files, "builtin/assumed.json") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(file), ".json")] = content
	}
	return found
}

func parse(t testing.TB, content string) *Profile {
	t.Helper()
	parsed, problems := Parse([]byte(content))
	for _, problem := range problems {
		t.Error(problem)
	}
	if len(problems) > 0 {
		t.FailNow()
	}
	return parsed
}

func BenchmarkParse(b *testing.B) {
	content := documents(b)["assumed"]
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Parse(content); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

func TestParse_dialects(t *testing.T) {
	t.Parallel()
	for name, content := range documents(t) {
		if _, problems := Parse(content); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
