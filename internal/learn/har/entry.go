package har

import (
	"encoding/base64"
	"net/url"
	"strings"
	"time"
)

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
			Encoding string `json:"encoding"`
			Params   []Pair `json:"params"`
		} `json:"postData"`
	} `json:"request"`
	Response struct {
		Status  int    `json:"status"`
		Headers []Pair `json:"headers"`
		Cookies []Pair `json:"cookies"`
		Content struct {
			Size     int64   `json:"size"`
			MimeType string  `json:"mimeType"`
			Text     *string `json:"text"`
			Encoding string  `json:"encoding"`
		} `json:"content"`
		RedirectURL string `json:"redirectURL"`
	} `json:"response"`
}

// entry converts what is written. An entry without a usable URL, such as one of
// a data: URL or a web socket, is of no use.
func (r *rawEntry) entry() (Entry, bool) {
	target, err := url.Parse(r.Request.URL)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return Entry{}, false
	}
	entry := Entry{
		Method:          strings.ToUpper(r.Request.Method),
		URL:             target,
		RequestHeaders:  headers(r.Request.Headers),
		RequestCookies:  r.Request.Cookies,
		Status:          r.Response.Status,
		ResponseHeaders: headers(r.Response.Headers),
		ResponseCookies: r.Response.Cookies,
	}
	if started, err := time.Parse(time.RFC3339Nano, r.Started); err == nil {
		entry.Started = started
	}
	if r.Response.RedirectURL != "" && Header(entry.ResponseHeaders, "Location") == "" {
		entry.ResponseHeaders = append(entry.ResponseHeaders, Pair{Name: "Location", Value: r.Response.RedirectURL})
	}
	entry.RequestBody = r.requestBody(Header(entry.RequestHeaders, "Content-Type"))
	entry.ResponseBody = r.responseBody(Header(entry.ResponseHeaders, "Content-Encoding"))
	return entry, true
}

// headers leaves out the pseudo-headers of HTTP/2.
func headers(written []Pair) []Pair {
	var kept []Pair
	for _, header := range written {
		if header.Name != "" && header.Name[0] != ':' {
			kept = append(kept, header)
		}
	}
	return kept
}

func (r *rawEntry) requestBody(contentType string) Body {
	data := r.Request.PostData
	if data == nil {
		if r.Request.BodySize > 0 && contentType != "" {
			return Body{MediaType: mediaType(contentType), Problem: "is not in the recording"}
		}
		return Body{}
	}
	body := Body{MediaType: mediaType(data.MimeType), Params: data.Params}
	if body.MediaType == "" {
		body.MediaType = mediaType(contentType)
	}
	text := data.Text
	// Firefox once wrote the headers of a form in front of it.
	if strings.HasPrefix(text, "Content-") {
		if _, rest, found := strings.Cut(text, "\r\n\r\n"); found {
			text = rest
		}
	}
	if text == "" {
		return body
	}
	body.Params = nil
	body.Content = []byte(text)
	if data.Encoding == "base64" {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return Body{MediaType: body.MediaType, Problem: "is not valid base64"}
		}
		body.Content = decoded
	}
	return body
}

// bulk are the media types of which nothing can be learned.
var bulk = []string{"image/", "font/", "video/", "audio/", "text/css", "text/javascript", "application/javascript", "application/x-javascript", "application/wasm", "application/font"}

func (r *rawEntry) responseBody(contentEncoding string) Body {
	content := r.Response.Content
	body := Body{MediaType: mediaType(content.MimeType)}
	for _, prefix := range bulk {
		if strings.HasPrefix(body.MediaType, prefix) {
			return body
		}
	}
	if content.Text == nil {
		if content.Size > 0 {
			body.Problem = "is not in the recording"
		}
		return body
	}
	body.Content = []byte(*content.Text)
	if content.Encoding == "base64" {
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(*content.Text), ""))
		if err != nil {
			return Body{MediaType: body.MediaType, Problem: "is not valid base64"}
		}
		body.Content = decoded
	}
	body.Content, body.Problem = decompress(body.Content, contentEncoding)
	return body
}

// mediaType is the type without its parameters.
func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
