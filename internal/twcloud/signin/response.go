package signin

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Body returns the body of a response, which is in memory and stays readable.
func Body(response *http.Response) []byte {
	body, _ := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// IsPage reports whether a response is a web page.
func IsPage(response *http.Response) bool {
	mediaType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err == nil && (mediaType == "text/html" || mediaType == "application/xhtml+xml") {
		return true
	}
	start := bytes.TrimSpace(Body(response))
	start = bytes.ToLower(start[:min(len(start), 16)])
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// AsksForPassword reports whether a response is a page with a field for a password.
func AsksForPassword(response *http.Response) bool { return parsePage(response).asksForPassword }

// IsRedirect reports whether a status sends to another address.
func IsRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// NoSeat reports whether a sign-in was refused because no license seat is free:
// 503, or 403, with a body that mentions the license (assumed).
func NoSeat(response *http.Response) bool {
	if response.StatusCode != http.StatusServiceUnavailable && response.StatusCode != http.StatusForbidden {
		return false
	}
	body := strings.ToLower(string(Body(response)))
	return strings.Contains(body, "licence") || strings.Contains(body, "license")
}
