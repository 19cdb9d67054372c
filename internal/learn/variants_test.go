package learn

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// object is a JSON object of a recording.
type object = map[string]any

// variants are what other browsers, other pages and other days make of a
// recording. The profile must be the same.
var variants = map[string]func(entries []any) []any{
	// Firefox writes a form as parameters, and cookies in lists of their own.
	"firefox": func(entries []any) []any {
		each(entries, func(entry object) {
			request := in(entry, "request")
			if data, ok := request["postData"].(object); ok && strings.HasPrefix(fmt.Sprint(data["mimeType"]), "application/x-www-form-urlencoded") {
				var params []any
				for pair := range strings.SplitSeq(fmt.Sprint(data["text"]), "&") {
					name, value, _ := strings.Cut(pair, "=")
					name, _ = url.QueryUnescape(name)
					value, _ = url.QueryUnescape(value)
					params = append(params, object{"name": name, "value": value})
				}
				data["params"], data["text"] = params, ""
			}
			request["httpVersion"] = "HTTP/1.1"
		})
		return entries
	},
	// Safari encodes what it does not show as text.
	"base64": func(entries []any) []any {
		each(entries, func(entry object) {
			content := in(in(entry, "response"), "content")
			if text, ok := content["text"].(string); ok && text != "" {
				content["text"], content["encoding"] = base64.StdEncoding.EncodeToString([]byte(text)), "base64"
			}
		})
		return entries
	},
	// Some tools keep bodies as they traveled.
	"compressed": func(entries []any) []any {
		each(entries, func(entry object) {
			response := in(entry, "response")
			content := in(response, "content")
			text, ok := content["text"].(string)
			if !ok || text == "" {
				return
			}
			var compressed bytes.Buffer
			writer := gzip.NewWriter(&compressed)
			_, _ = writer.Write([]byte(text))
			_ = writer.Close()
			content["text"], content["encoding"] = base64.StdEncoding.EncodeToString(compressed.Bytes()), "base64"
			headers, _ := response["headers"].([]any)
			response["headers"] = append(headers, object{"name": "Content-Encoding", "value": "gzip"})
		})
		return entries
	},
	// A page of a real server loads several hundred other things.
	"noise": func(entries []any) []any {
		var noisy []any
		for i, entry := range entries {
			for n := range 15 {
				noisy = append(noisy, noise(entry, i*15+n))
			}
			noisy = append(noisy, entry)
		}
		return noisy
	},
	// A list that has not changed is answered with 304 and without a body.
	"cached": func(entries []any) []any {
		var more []any
		for i, entry := range entries {
			more = append(more, entry)
			if request := in(entry.(object), "request"); i == 2 && request["method"] == "GET" {
				cached := clone(entry)
				in(cached, "response")["status"] = 304
				in(cached, "response")["content"] = object{"size": 0, "mimeType": "x-unknown"}
				more = append(more, cached)
			}
		}
		return more
	},
	// Requests to another origin are announced.
	"preflights": func(entries []any) []any {
		var more []any
		for _, entry := range entries {
			if method := in(entry.(object), "request")["method"]; method != "GET" {
				preflight := clone(entry)
				in(preflight, "request")["method"] = "OPTIONS"
				delete(in(preflight, "request"), "postData")
				in(preflight, "response")["status"] = 204
				in(preflight, "response")["content"] = object{"size": 0, "mimeType": ""}
				more = append(more, preflight)
			}
			more = append(more, entry)
		}
		return more
	},
	// The server has a name of its own, behind a proxy with TLS.
	"another host": func(entries []any) []any {
		content, err := json.Marshal(entries)
		if err != nil {
			panic(err)
		}
		target, _ := url.Parse(fmt.Sprint(in(entries[0].(object), "request")["url"]))
		content = bytes.ReplaceAll(content, []byte("http://"+target.Host), []byte("https://twc.canary-corp.example"))
		content = bytes.ReplaceAll(content, []byte(target.Host), []byte("twc.canary-corp.example"))
		var moved []any
		if err := json.Unmarshal(content, &moved); err != nil {
			panic(err)
		}
		return moved
	},
}

func each(entries []any, do func(object)) {
	for _, entry := range entries {
		do(entry.(object))
	}
}

func in(of object, name string) object { return of[name].(object) }

func clone(entry any) object {
	content, err := json.Marshal(entry)
	if err != nil {
		panic(err)
	}
	var copied object
	if err := json.Unmarshal(content, &copied); err != nil {
		panic(err)
	}
	return copied
}

// noise is a request that has nothing to do with consumers.
func noise(like any, n int) object {
	entry := clone(like)
	request, response := in(entry, "request"), in(entry, "response")
	target, _ := url.Parse(fmt.Sprint(request["url"]))
	kinds := []struct{ method, path, mediaType, body string }{
		{"GET", fmt.Sprintf("/static/chunk-%d.js", n), "application/javascript", "export default 1"},
		{"GET", fmt.Sprintf("/osmc/admin/users?page=%d", n), "application/json", `[{"username":"alice","name":"canary-user"}]`},
		{"GET", "/osmc/heartbeat", "application/json", `{"alive":true}`},
		{"POST", "/telemetry", "application/json", `{}`},
		{"GET", fmt.Sprintf("/img/%d.png", n), "image/png", "x"},
	}
	kind := kinds[n%len(kinds)]
	request["method"], request["url"] = kind.method, target.Scheme+"://"+target.Host+kind.path
	request["queryString"] = []any{}
	delete(request, "postData")
	response["status"], response["content"] = 200, object{"mimeType": kind.mediaType, "text": kind.body, "size": len(kind.body)}
	return entry
}

// Whatever browser has recorded it, and whatever else it has recorded, the
// profile is the same, and nothing private comes along.
func TestVariants(t *testing.T) {
	t.Parallel()
	for _, file := range recordings(t) {
		want := learnFile(t, file)
		for name, change := range variants {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".har")+"/"+name, func(t *testing.T) {
				t.Parallel()
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var recording object
				if err := json.Unmarshal(content, &recording); err != nil {
					t.Fatal(err)
				}
				log := in(recording, "log")
				entries, _ := log["entries"].([]any)
				log["entries"] = change(entries)
				if content, err = json.Marshal(recording); err != nil {
					t.Fatal(err)
				}
				changed := filepath.Join(t.TempDir(), "recording.har")
				if err := os.WriteFile(changed, content, 0o600); err != nil {
					t.Fatal(err)
				}
				got := learnFile(t, changed)
				if !bytes.Equal(got.Profile, want.Profile) || !got.Complete {
					t.Errorf("got %s\nwant %s\n%s", got.Profile, want.Profile, got.Findings)
				}
				if written := string(got.Profile) + got.Findings; strings.Contains(written, "canary") {
					t.Errorf("something private is written:\n%s", written)
				}
			})
		}
	}
}
