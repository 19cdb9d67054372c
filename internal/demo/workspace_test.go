package main

import (
	"os"
	"slices"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNeutralEnvironment(t *testing.T) {
	t.Parallel()
	environment := []string{"PATH=/bin", "TF_LOG=TRACE", "TF_CLI_ARGS=-json", "TWCLOUD_TOKEN=t", "https_proxy=http://proxy", "HOME=/home/tf", "TFX=1"}
	got := neutralEnvironment(environment)
	if want := []string{"PATH=/bin", "HOME=/home/tf", "TFX=1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if environment[1] != "TF_LOG=TRACE" {
		t.Error("the environment itself was changed")
	}
}

func TestHCLString(t *testing.T) {
	t.Parallel()
	if got, want := hclString(`a "b" \ ${c} %{d}`), `"a \"b\" \\ $${c} %%{d}"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
