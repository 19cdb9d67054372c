package twcloud

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

func TestResponsesAreDecoded(t *testing.T) {
	t.Parallel()
	const broken = "?"
	for name, test := range map[string]struct{ contentType, body, want string }{
		"nothing":                   {"", "Müller", "Müller"},
		"JSON":                      {"application/json", "Müller", "Müller"},
		"JSON in Latin 1":           {"application/json", "M\xfcller", broken},
		"named Latin 1":             {"application/json;charset=ISO-8859-1", "M\xfcller", "Müller"},
		"named Latin 1, quoted":     {`application/json; charset="iso-8859-1"`, "M\xfcller", "Müller"},
		"named Windows 1252":        {"text/plain; charset=windows-1252", "\x80", "€"},
		"named UTF-8":               {"application/json;charset=UTF-8", "Müller \ufffd", "Müller \ufffd"},
		"named UTF-8, but is not":   {"application/json;charset=UTF-8", "M\xfcller", broken},
		"named UTF-16":              {"application/json;charset=utf-16", "\xff\xfea\x00\xfc\x00", "aü"},
		"named Windows 1251":        {"application/json;charset=windows-1251", "\xc4", "Д"},
		"no such byte":              {"application/json;charset=windows-1253", "\xff", broken},
		"named Shift JIS":           {"application/json;charset=Shift_JIS", "\x93\xfa", broken},
		"byte order mark":           {"application/json", "\xef\xbb\xbf[]", "[]"},
		"unknown charset":           {"application/json;charset=klingon", "a", broken},
		"no body":                   {"application/json;charset=klingon", "", ""},
		"page that names nothing":   {"text/html", "<p>M\xfcller", "<p>Müller"},
		"page that names Latin 1":   {"text/html", "<meta charset=iso-8859-15>\xa4", "<meta charset=iso-8859-15>€"},
		"page in UTF-8, far behind": {"text/html", strings.Repeat(" ", 2000) + "ü", strings.Repeat(" ", 2000) + "ü"},
		"XML":                       {"application/rdf+xml", "<?xml version='1.0' encoding='iso-8859-1'?>\xfc", "<?xml version='1.0' encoding='iso-8859-1'?>ü"},
		"XML that names nothing":    {"text/xml", "<?xml version='1.0'?>ü", "<?xml version='1.0'?>ü"},
		"XML in Shift JIS":          {"application/xml", "<?xml version='1.0' encoding=\"Shift_JIS\"?>\x93<", broken},
		"XML in UTF-16":             {"application/xml", "\xfe\xff\x00<\x00r", broken},
		"XML with a charset":        {"text/xml; charset=iso-8859-1", "\xfc", "ü"},
		"no media type":             {";;", "ü", "ü"},
	} {
		for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
			link := &exchange{stopping: t.Context(), next: transportFunc(func(*http.Request) (*http.Response, error) {
				return reply(status, test.body, "Content-Type", test.contentType), nil
			}), options: Options{RequestTimeout: DefaultRequestTimeout, MaxResponse: 1 << 20}}
			response, err := send(t.Context(), t, link, http.MethodGet)
			var failure *exchangeError
			switch {
			case test.want == broken && status == http.StatusOK:
				if !errors.As(err, &failure) || failure.kind != ErrUnreadable || failure.status != status || !maybeSent(err) {
					t.Errorf("%s: got %v", name, err)
				}
			case err != nil:
				t.Errorf("%s: %v", name, err)
			case test.want == broken: // The status says enough.
			default:
				if got, _ := io.ReadAll(response.Body); string(got) != test.want {
					t.Errorf("%s: got %q, want %q", name, got, test.want)
				}
			}
		}
	}
}

// A name in another charset is the same name. One that cannot be decoded is an error
// with the status, and is not requested again.
func TestNamesInAnotherCharset(t *testing.T) {
	t.Parallel()
	contentType := "application/json;charset=ISO-8859-1"
	server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
		return reply(http.StatusOK, "[{\"key\":\"k\",\"name\":\"M\xfcller\",\"approved\":true}]", "Content-Type", contentType), nil
	}}
	client := fakeClient(t, server, func(o *Options) { o.Profile = profile.BuiltIn() })
	if consumer, err := client.Get(t.Context(), "k"); err != nil || consumer.Name != "Müller" {
		t.Errorf("got %q, %v", consumer.Name, err)
	}
	contentType = "application/json"
	before := server.count(collection)
	_, err := client.View().List(t.Context())
	var failure *Error
	if !errors.Is(err, ErrUnreadable) || !errors.As(err, &failure) || failure.Status != http.StatusOK || !strings.Contains(err.Error(), `"utf-8"`) {
		t.Errorf("got %v", err)
	}
	if sent := server.count(collection) - before; sent != 1 {
		t.Errorf("%d lists were requested", sent)
	}
}
