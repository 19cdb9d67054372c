package twcloud

import (
	"net/http"
	"strings"
	"testing"
)

var awkwardKeys = []string{
	"0123456789abcdef", ".", "..", "...", ".a", "a.", "a/b", "/", "//", "../..", "a/../b", "%", "%2F", "%2e%2e", "100%", "a b", "a+b", "a?b", "a#b",
	"a;b", "a,b", "a:b", "a@b", "a=b&c", "ü", "日本", "😀", "\\", "\"", "'", "<>", "{}", "|", "^", "`", "~", "\x00", "\n", "\x7f", "\xff", strings.Repeat("k", 2000),
}

func TestNewRequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ root, path, query, want string }{
		{"https://h:8111", "/osmc/x", "", "https://h:8111/osmc/x"},
		{"https://h:8111/", "/osmc/x", "a=b", "https://h:8111/osmc/x?a=b"},
		{"https://h/twc/", "/osmc/x", "", "https://h/twc/osmc/x"},
		{"https://h/a%2Fb//", "/osmc/c%2Fd", "", "https://h/a%2Fb/osmc/c%2Fd"},
		{"https://h/?root=1#f", "/osmc/%2E%2E", "", "https://h/osmc/%2E%2E"},
		{"https://h/twc?", "/osmc/x", "", "https://h/twc/osmc/x"},
		{"https://user:canary@h", "/osmc/x", "", "https://h/osmc/x"},
	} {
		request, err := newRequest(t.Context(), http.MethodGet, mustParseURL(t, test.root), test.path, test.query, nil)
		if err != nil {
			t.Errorf("%s: %v", test.root, err)
			continue
		}
		if got := request.URL.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	if _, err := newRequest(t.Context(), http.MethodGet, mustParseURL(t, "https://h"), "/osmc/%zz", "", nil); err == nil {
		t.Error("a malformed path is taken")
	}
}
