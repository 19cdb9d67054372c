// Package har reads recordings of network traffic in the HTTP Archive format
// (HAR 1.2), as the developer tools of Chromium, Firefox and Safari export them.
//
// No error of this package repeats text of a recording, which contains secrets.
package har

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// MaxSize bounds a recording, in bytes.
const MaxSize = 128 << 20

// Pair is a name and a value: of a header, a cookie or a form.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Entry is a request and its response. Cookies are in the headers.
type Entry struct {
	Method          string
	URL             *url.URL
	RequestHeaders  []Pair
	RequestBody     Body
	Status          int // 0 if there was no response
	ResponseHeaders []Pair
	ResponseBody    Body
}

// Body is the body of a request or a response. A form is percent-encoded.
type Body struct {
	MediaType string
	Content   []byte
	Missing   bool // there was a body, but the recording does not have it
}

// Header returns the value of a header; empty if it is absent.
func Header(headers []Pair, name string) string {
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

// Read reads a recording to its end, in the order in which the requests were
// started. It fails if the recording is damaged, not a HAR file, larger than
// MaxSize, or has no entries.
func Read(r io.Reader) ([]Entry, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the file system reports an error: %w", err)
	case len(content) > MaxSize:
		return nil, fmt.Errorf("the recording is larger than %d MB: clear the list of requests before step 1, and record only these steps", MaxSize>>20)
	case len(bytes.TrimSpace(content)) == 0:
		return nil, errors.New("the recording is empty")
	case bytes.HasPrefix(content, []byte("\x1f\x8b")), bytes.HasPrefix(content, []byte("PK")):
		return nil, errors.New("the recording is compressed: unpack it first")
	}
	var document struct {
		Log struct {
			Entries []rawEntry `json:"entries"`
		} `json:"log"`
	}
	// A member of an unexpected type is left out, and the rest is decoded.
	err = json.Unmarshal(content, &document)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(content)):
		return nil, errors.New("the recording is cut off: export it again")
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("the recording is damaged, or not a HAR file: it is not JSON at byte %d", syntax.Offset)
	case document.Log.Entries == nil:
		return nil, errors.New("this is JSON, but not a HAR file: it has no log.entries")
	}
	slices.SortStableFunc(document.Log.Entries, func(a, b rawEntry) int { return a.started().Compare(b.started()) })
	var entries []Entry
	for _, raw := range document.Log.Entries {
		if entry, usable := raw.entry(); usable {
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		return nil, errors.New("the recording has no requests")
	}
	return entries, nil
}

// rawEntry is an entry as it is written. Browsers differ in what they leave out.
type rawEntry struct {
	Started string `json:"startedDateTime"`
	Request struct {
		Method   string `json:"method"`
		URL      string `json:"url"`
		Headers  []Pair `json:"headers"`
		Cookies  []Pair `json:"cookies"`
		BodySize int64  `json:"bodySize"`
		PostData *struct {
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Params   []Pair `json:"params"`
			File     string `json:"_file"` // the body is in a file of its own
		} `json:"postData"`
	} `json:"request"`
	Response struct {
		Status  int    `json:"status"`
		Headers []Pair `json:"headers"`
		Cookies []Pair `json:"cookies"`
		Content struct {
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Encoding string `json:"encoding"`
			Size     int64  `json:"size"`
			File     string `json:"_file"`
		} `json:"content"`
	} `json:"response"`
}

func (r *rawEntry) started() time.Time {
	started, _ := time.Parse(time.RFC3339Nano, r.Started) // Without a time, it is the first.
	return started
}

// entry converts what is written. An entry without an HTTP URL, such as one of a
// data: URL or a web socket, is not usable.
func (r *rawEntry) entry() (Entry, bool) {
	target, err := url.Parse(r.Request.URL)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return Entry{}, false
	}
	entry := Entry{
		Method:          strings.ToUpper(r.Request.Method),
		URL:             target,
		RequestHeaders:  headers(r.Request.Headers, "Cookie", r.Request.Cookies),
		Status:          r.Response.Status,
		ResponseHeaders: headers(r.Response.Headers, "Set-Cookie", r.Response.Cookies),
	}
	entry.RequestBody = r.requestBody(Header(entry.RequestHeaders, "Content-Type"))
	entry.ResponseBody = r.responseBody()
	for headers, body := range map[*[]Pair]*Body{&entry.RequestHeaders: &entry.RequestBody, &entry.ResponseHeaders: &entry.ResponseBody} {
		length := Header(*headers, "Content-Length")
		body.Missing = len(body.Content) == 0 && (body.Missing || length != "" && length != "0") && entry.Status != http.StatusNotModified
	}
	// After a redirect, Chromium writes the headers of the form that was sent before.
	entry.RequestBody.Missing = entry.RequestBody.Missing && entry.Method != http.MethodGet
	return entry, true
}

// headers leaves out the pseudo-headers of HTTP/2 and adds the cookies, which
// not every browser repeats in the headers.
func headers(written []Pair, cookieHeader string, cookies []Pair) []Pair {
	var kept []Pair
	for _, header := range written {
		if header.Name != "" && header.Name[0] != ':' {
			kept = append(kept, header)
		}
	}
	for _, cookie := range cookies {
		kept = append(kept, Pair{cookieHeader, cookie.Name + "=" + cookie.Value})
	}
	return kept
}

func (r *rawEntry) requestBody(contentType string) Body {
	data := r.Request.PostData
	if data == nil {
		return Body{MediaType: mediaType(contentType), Missing: r.Request.BodySize > 0 && contentType != ""}
	}
	body := Body{MediaType: mediaType(data.MimeType)}
	if body.MediaType == "" {
		body.MediaType = mediaType(contentType)
	}
	text := data.Text
	// Firefox can write the headers of a form in front of it.
	if strings.HasPrefix(text, "Content-") {
		if _, rest, found := strings.Cut(text, "\r\n\r\n"); found {
			text = rest
		}
	}
	if text == "" { // Firefox and Safari write the members of a form and no text.
		form := make([]string, len(data.Params))
		for i, member := range data.Params {
			form[i] = url.QueryEscape(member.Name) + "=" + url.QueryEscape(member.Value)
		}
		text = strings.Join(form, "&")
	}
	body.Content, body.Missing = []byte(text), data.File != ""
	return body
}

func (r *rawEntry) responseBody() Body {
	content := r.Response.Content
	body := Body{
		MediaType: mediaType(content.MimeType), Content: []byte(content.Text),
		Missing: content.Size > 0 || content.File != "",
	}
	if content.Encoding == "base64" {
		// What is not valid base64 is cut off there.
		body.Content, _ = base64.StdEncoding.DecodeString(content.Text)
	}
	return body
}

// mediaType is the type without its parameters.
func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
