package profile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestQuick(t *testing.T) {
	files, _ := filepath.Glob("../emulator/dialects/*.json")
	b, _ := filepath.Glob("builtin/*.json")
	for _, f := range append(files, b...) {
		c, _ := os.ReadFile(f)
		_, ps := Parse(c)
		for _, p := range ps {
			t.Error(f, p)
		}
	}
	_, ps := Parse([]byte(`{"profile":2,"server":"rest","approved":{"yes":[true],"no":[false,true]},"calls":{"list":{"method":"GET","path":"/x y","response":{"key":"key"}, "sucess":[200]},"rename":{"method":"PUT","path":"/{name}/{key}","json":{"a":"{name}","b":"x{secret}"},"sucess":[1]}}}`))
	for _, p := range ps {
		t.Log(p)
	}
}
