package twcloud

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
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

// FuzzEscapeKey checks that a key is one segment of the path, that it is not a dot
// segment, and that it unescapes to the key.
func FuzzEscapeKey(f *testing.F) {
	for _, key := range awkwardKeys {
		f.Add(key, "")
		f.Add(key, "/twc")
		f.Add(key, "/a%2Fb/")
	}
	f.Fuzz(func(t *testing.T, key, prefix string) {
		root, err := url.Parse("https://twcloud.example.com:8111/" + strings.Trim(prefix, "/"))
		if err != nil || root.RawQuery != "" || root.Fragment != "" || key == "" {
			t.Skip()
		}
		request, err := newRequest(t.Context(), http.MethodGet, root, "/osmc/admin/oauthconsumers/"+profile.EscapeSegment(key), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		wire := request.URL.RequestURI()
		want := strings.TrimRight(root.EscapedPath(), "/") + "/osmc/admin/oauthconsumers/"
		segment, found := strings.CutPrefix(wire, want)
		if !found || segment == "." || segment == ".." || strings.ContainsAny(segment, "/?# \n") {
			t.Fatalf("%q goes out as %q", key, wire)
		}
		if got, err := url.PathUnescape(segment); got != key || err != nil {
			t.Errorf("%q arrives as %q, %v", key, got, err)
		}
	})
}
