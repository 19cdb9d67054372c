package profile

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"

	xhtml "golang.org/x/net/html"
)

// Token takes the token out of a response: one to Path where the token is in the
// body or on a page, and any one of the server where it is in a cookie or a header.
// It is empty if the response has none.
func (c *CSRF) Token(r *Response) (token string, err error) {
	switch c.From {
	case "cookie":
		token = cookieIn(r.Header, c.Name)
	case "header":
		token = r.Header.Get(c.Name)
	case "body":
		document, err := DecodeJSON(r.Body)
		if err != nil {
			return "", c.unreadable("from", "the response with the CSRF token is not JSON")
		}
		value, _ := Lookup(document, c.Pointer)
		token, _ = value.(string)
	case "page":
		if token, err = c.onPage(r); err != nil {
			return "", err
		}
	}
	if c.Decode {
		// The error of the standard library quotes the token.
		if token, err = url.PathUnescape(token); err != nil {
			return "", c.unreadable("decode", "the CSRF token is not percent-encoded")
		}
	}
	return token, nil
}

// Missing is the error of a response that has no token.
func (c *CSRF) Missing() error {
	switch c.From {
	case "body":
		return c.unreadable("pointer", "no CSRF token at %q", c.Pointer)
	case "page":
		return c.unreadable("name", "no CSRF token in a meta tag or hidden field %q", c.Name)
	}
	return c.unreadable("name", "no CSRF token in %s %q", c.From, c.Name)
}

func (c *CSRF) unreadable(part, format string, arguments ...any) error {
	return &ReadError{Part: "csrf." + part, text: fmt.Sprintf(format, arguments...)}
}

// cookieIn is the value of the last cookie of a name that a response sets, byte for
// byte: net/http drops quotes, and whole cookies that have a blank.
func cookieIn(header http.Header, name string) (value string) {
	for _, line := range header.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(line, ";")
		if before, after, isPair := strings.Cut(pair, "="); isPair && strings.TrimSpace(before) == name {
			value = strings.TrimSpace(after)
		}
	}
	return value
}

// onPage takes the token from a meta tag or a hidden field.
func (c *CSRF) onPage(r *Response) (string, error) {
	page, err := xhtml.Parse(bytes.NewReader(r.Body))
	if err != nil {
		return "", c.unreadable("from", "the page with the CSRF token is not HTML: %v", err)
	}
	for element := range page.Descendants() {
		attributes := map[string]string{}
		for _, one := range element.Attr {
			attributes[one.Key] = one.Val
		}
		token := ""
		switch {
		case element.Type != xhtml.ElementNode || attributes["name"] != c.Name:
		case element.Data == "meta":
			token = attributes["content"]
		case element.Data == "input" && strings.EqualFold(attributes["type"], "hidden"):
			token = attributes["value"]
		}
		if token != "" {
			return token, nil
		}
	}
	return "", nil
}

// Put adds the token to a response: the inverse of Token. The cookie gets the path. A
// page is written as a whole, with a field for a secret, as a page to register on has it.
func (c *CSRF) Put(r *Response, token, cookiePath string) {
	if c.Decode {
		token = strings.ReplaceAll(url.QueryEscape(token), "+", "%20")
	}
	switch c.From {
	case "cookie":
		r.Header.Add("Set-Cookie", c.Name+"="+token+"; Path="+cookiePath)
	case "header":
		r.Header.Set(c.Name, token)
	case "body":
		document, _ := DecodeJSON(r.Body) // A body that is not JSON gives way.
		writeJSON(r, SetAt(document, c.Pointer, token))
	case "page":
		r.Header.Set("Content-Type", "text/html; charset=utf-8")
		r.Body = fmt.Appendf(nil, "<!DOCTYPE html>\n<html><head><meta name=\"%s\" content=\"%s\"><title>Token</title></head><body><input type=\"password\" name=\"secret\"></body></html>\n",
			html.EscapeString(c.Name), html.EscapeString(token))
	}
	if len(r.Body) > 0 && r.Status == http.StatusNoContent {
		r.Status = http.StatusOK
	}
}
