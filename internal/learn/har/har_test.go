package har

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// entryOf is an entry with a request and a response.
func entryOf(request, response string) string {
	return fmt.Sprintf(`{"startedDateTime":"2026-01-02T03:04:05.000Z","request":{"method":"POST","url":"https://host/x"%s},"response":{"status":200%s}}`, request, response)
}

func recording(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{"name":"x"},"entries":[` + strings.Join(entries, ",") + `],"pages":[]}}`
}

func TestRead_bodies(t *testing.T) {
	t.Parallel()
	var gzipped, deflated bytes.Buffer
	for buffer, writer := range map[*bytes.Buffer]io.WriteCloser{&gzipped: gzip.NewWriter(&gzipped), &deflated: zlib.NewWriter(&deflated)} {
		if _, err := writer.Write([]byte("{}")); err != nil || writer.Close() != nil || buffer.Len() == 0 {
			t.Fatal(err)
		}
	}
	encoded := func(content []byte) string { return base64.StdEncoding.EncodeToString(content) }
	for name, test := range map[string]struct{ request, response, sent, answered, problem string }{
		"text":             {`,"postData":{"mimeType":"application/json","text":"{}"}`, `,"content":{"mimeType":"application/json","text":"[]"}`, "{}", "[]", ""},
		"base64":           {`,"postData":{"mimeType":"application/json","text":"e30=","encoding":"base64"}`, `,"content":{"text":"W10=","encoding":"base64"}`, "{}", "[]", ""},
		"Firefox's form":   {`,"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a","value":"b"}],"text":"Content-Type: x\r\nContent-Length: 3\r\n\r\na=b"}`, ``, "a=b", "", ""},
		"gzip":             {``, `,"headers":[{"name":"Content-Encoding","value":"gzip"}],"content":{"encoding":"base64","text":"` + encoded(gzipped.Bytes()) + `"}`, "", "{}", ""},
		"deflate":          {``, `,"headers":[{"name":"content-encoding","value":"deflate"}],"content":{"encoding":"base64","text":"` + encoded(deflated.Bytes()) + `"}`, "", "{}", ""},
		"already inflated": {``, `,"headers":[{"name":"Content-Encoding","value":"br"}],"content":{"text":"{}"}`, "", "{}", ""},
		"brotli":           {``, `,"headers":[{"name":"Content-Encoding","value":"br"}],"content":{"encoding":"base64","text":"iwGAe30D/w=="}`, "", "", "still compressed"},
		"gzip cut off":     {``, `,"content":{"encoding":"base64","text":"` + encoded(gzipped.Bytes()[:15]) + `"}`, "", "", "damaged"},
		"not base64":       {``, `,"content":{"encoding":"base64","text":"!!"}`, "", "", "base64"},
		"left out":         {``, `,"content":{"size":7,"mimeType":"application/json"}`, "", "", "not in the recording"},
		"script":           {``, `,"content":{"size":7,"mimeType":"text/javascript","text":"let a"}`, "", "", ""},
		"odd types":        {`,"headers":null,"cookies":{},"postData":"x"`, `,"content":[1]`, "", "", ""},
	} {
		entries, err := Read(strings.NewReader(recording(entryOf(test.request, test.response))))
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: %v, %v", name, entries, err)
			continue
		}
		one := entries[0]
		if string(one.RequestBody.Content) != test.sent || string(one.ResponseBody.Content) != test.answered || !strings.Contains(one.ResponseBody.Problem, test.problem) || (test.problem == "") != (one.ResponseBody.Problem == "") {
			t.Errorf("%s: %+v, %+v", name, one.RequestBody, one.ResponseBody)
		}
	}
}

// Entries without a server are left out, the others are in the order of time, and
// pseudo-headers are not headers.
func TestRead_entries(t *testing.T) {
	t.Parallel()
	entries, err := Read(strings.NewReader("\ufeff" + recording(
		strings.Replace(entryOf(`,"headers":[{"name":":path","value":"/"},{"name":"A","value":"b"}]`, `,"redirectURL":"/there"`), "03:04:05", "03:04:09", 1),
		entryOf(``, ``),
		`{"request":{"method":"GET","url":"data:text/plain,x"}}`, `{"request":{"method":"GET","url":"wss://host/x"}}`, `{"request":{"url":"::"}}`, `{}`, `null`,
	)))
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	last := entries[1]
	if len(last.RequestHeaders) != 1 || Header(last.RequestHeaders, "a") != "b" || Header(last.ResponseHeaders, "Location") != "/there" {
		t.Errorf("%+v", last)
	}
}

func TestRead_unreadable(t *testing.T) {
	t.Parallel()
	whole := recording(entryOf("", ""), entryOf("", ""))
	for name, test := range map[string]struct {
		content io.Reader
		want    string
	}{
		"empty":          {strings.NewReader(""), "is empty"},
		"white space":    {strings.NewReader(" \n"), "is empty"},
		"cut off":        {strings.NewReader(whole[:len(whole)-60]), "cut off after 1 requests"},
		"damaged":        {strings.NewReader(strings.Replace(whole, `"status"`, `"sta`+"\x00"+`canary"`, 1)), "not JSON at byte"},
		"HTML":           {strings.NewReader("<html>canary</html>"), "not JSON at byte"},
		"another object": {strings.NewReader(`{"canary":{}}`), "no log.entries"},
		"an array":       {strings.NewReader(`["canary"]`), "no log.entries"},
		"log is a text":  {strings.NewReader(`{"log":"canary"}`), "no log.entries"},
		"no requests":    {strings.NewReader(recording()), "no requests"},
		"zipped":         {strings.NewReader("PK\x03\x04"), "unpack"},
		"gzipped":        {strings.NewReader("\x1f\x8b\x08"), "unpack"},
		"too large":      {io.MultiReader(strings.NewReader(`{"log":{"entries":[`), zeros{}), "larger than"},
		"text after it":  {strings.NewReader(whole + "{}"), "no log.entries"},
		"fails":          {iotest.ErrReader(errors.New("canary")), "damaged"},
	} {
		_, err := Read(test.content)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: want %q, got %v", name, test.want, err)
		}
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Nothing makes the reader panic, and an error repeats nothing of the recording.
func FuzzRead(f *testing.F) {
	f.Add([]byte(recording(entryOf(`,"postData":{"text":"a"}`, `,"content":{"text":"YQ==","encoding":"base64"}`))))
	f.Add([]byte(`{"log":{"entries":[{"request":{"url":"http://h","headers":[{"name":":"}]}}]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, err := Read(bytes.NewReader(content))
		if (err == nil) == (len(entries) == 0) {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, one := range entries {
			if one.URL == nil || one.URL.Host == "" {
				t.Fatalf("no host: %+v", one)
			}
		}
	})
}
