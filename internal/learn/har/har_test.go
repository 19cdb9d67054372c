package har

import (
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
	for name, test := range map[string]struct {
		request, response, sent, answered string
		missing, responseMissing          bool
	}{
		"text":         {`,"postData":{"mimeType":"application/json","text":"{}"}`, `,"content":{"mimeType":"application/json","text":"[]"}`, "{}", "[]", false, false},
		"base64":       {``, `,"content":{"text":"W10=","encoding":"base64"}`, "", "[]", false, false},
		"form members": {`,"postData":{"params":[{"name":"a","value":"b c"},{"name":"d&","value":""}]}`, ``, "a=b+c&d%26=", "", false, false},
		"form headers": {`,"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a","value":"b"}],"text":"Content-Type: x\r\nContent-Length: 3\r\n\r\na=b"}`, ``, "a=b", "", false, false},
		"not base64":   {``, `,"content":{"encoding":"base64","text":"!!"}`, "", "", false, false},
		"left out":     {`,"headers":[{"name":"Content-Type","value":"text/plain"}],"bodySize":7`, `,"content":{"size":7}`, "", "", true, true},
		"length":       {`,"headers":[{"name":"content-length","value":"7"}]`, `,"headers":[{"name":"Content-Length","value":"7"}],"content":{}`, "", "", true, true},
		"no length":    {`,"headers":[{"name":"content-length","value":"0"}]`, `,"headers":[{"name":"Content-Length","value":"0"}],"content":{}`, "", "", false, false},
		"a redirect":   {`,"method":"GET","headers":[{"name":"content-length","value":"7"},{"name":"Content-Type","value":"text/plain"}]`, ``, "", "", false, false},
		"files":        {`,"postData":{"mimeType":"application/json","_file":"a"}`, `,"content":{"mimeType":"application/json","_file":"b"}`, "", "", true, true},
		"odd types":    {`,"headers":null,"cookies":{},"postData":"x"`, `,"content":[1]`, "", "", false, false},
	} {
		entries, err := Read(strings.NewReader(recording(entryOf(test.request, test.response))))
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: %v, %v", name, entries, err)
			continue
		}
		one := entries[0]
		if string(one.RequestBody.Content) != test.sent || string(one.ResponseBody.Content) != test.answered || one.RequestBody.Missing != test.missing || one.ResponseBody.Missing != test.responseMissing {
			t.Errorf("%s: %+v, %+v", name, one.RequestBody, one.ResponseBody)
		}
	}
}

// Entries without a server are left out, and the others are sorted by time.
// Pseudo-headers are left out, and cookies become headers.
func TestRead_entries(t *testing.T) {
	t.Parallel()
	entries, err := Read(strings.NewReader("\ufeff" + recording(
		strings.Replace(entryOf(`,"headers":[{"name":":path","value":"/"},{"name":"A","value":"b"}],"cookies":[{"name":"c","value":"d"}]`, `,"cookies":[{"name":"e","value":"f"}]`), "03:04:05", "03:04:09", 1),
		entryOf(``, ``),
		`{"request":{"method":"GET","url":"data:text/plain,x"}}`, `{"request":{"method":"GET","url":"wss://host/x"}}`, `{"request":{"url":"::"}}`, `{}`, `null`,
	)))
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	last := entries[1]
	if len(last.RequestHeaders) != 2 || Header(last.RequestHeaders, "a") != "b" || Header(last.RequestHeaders, "Cookie") != "c=d" || Header(last.ResponseHeaders, "Set-Cookie") != "e=f" {
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
		"cut off":        {strings.NewReader(whole[:len(whole)-60]), "cut off"},
		"damaged":        {strings.NewReader(strings.Replace(whole, `"status"`, `"sta`+"\x00"+`canary"`, 1)), "not JSON at byte"},
		"HTML":           {strings.NewReader("<html>canary</html>"), "not JSON at byte"},
		"another object": {strings.NewReader(`{"canary":{}}`), "no log.entries"},
		"an array":       {strings.NewReader(`["canary"]`), "no log.entries"},
		"log is a text":  {strings.NewReader(`{"log":"canary"}`), "no log.entries"},
		"no requests":    {strings.NewReader(recording()), "no requests"},
		"zipped":         {strings.NewReader("PK\x03\x04"), "unpack"},
		"gzipped":        {strings.NewReader("\x1f\x8b\x08"), "unpack"},
		"too large":      {io.MultiReader(strings.NewReader(`{"log":{"entries":[`), zeros{}), "larger than"},
		"text after it":  {strings.NewReader(whole + "{}"), "not JSON at byte"},
		"fails":          {iotest.ErrReader(errors.New("input/output error")), "the file system reports"},
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
