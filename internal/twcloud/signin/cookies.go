package signin

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Cookies are the cookies of one session. They go back as they came, byte for
// byte, to the server and the paths that they came for. net/http would quote some
// values, and drop bytes of others.
//
// A cookie stays until the server deletes it: when it expires is the server's
// business, and a server that refuses an old one answers so. Its zero value has
// none.
type Cookies struct {
	mu   sync.Mutex
	kept []Cookie
}

// Cookie is one cookie. The value is as the server sent it.
type Cookie struct {
	Name  string
	Value string
	// Deleted is true if the server deletes the cookie.
	Deleted bool

	server, path string
}

// Keep stores the cookies of a response from a server with the given root, and
// returns them. The server's paths may lack the path prefix of a reverse proxy, which
// Keep adds. Domains do not matter: a cookie is for the server that sets it.
func (c *Cookies) Keep(root, from *url.URL, header http.Header) []Cookie {
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		// Without the server's clock, only what is long past has expired.
		now = time.Now().AddDate(0, 0, -1)
	}
	var set []Cookie
	for _, line := range header.Values("Set-Cookie") {
		if cookie, ok := parse(line, now, root, from); ok {
			set = append(set, cookie)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cookie := range set {
		at := slices.IndexFunc(c.kept, func(old Cookie) bool {
			return old.Name == cookie.Name && old.server == cookie.server && old.path == cookie.path
		})
		switch {
		case at >= 0 && cookie.Deleted:
			c.kept = slices.Delete(c.kept, at, at+1)
		case at >= 0:
			c.kept[at] = cookie
		case !cookie.Deleted:
			c.kept = append(c.kept, cookie)
		}
	}
	return set
}

// parse reads a Set-Cookie header as browsers do (RFC 6265, section 5.2). Expiry
// is judged by the server's own clock.
func parse(line string, now time.Time, root, from *url.URL) (Cookie, bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, found := strings.Cut(pair, "=")
	name, value = strings.Trim(name, " \t"), strings.Trim(value, " \t")
	if !found || name == "" {
		return Cookie{}, false
	}
	// net/http reads the attributes, but refuses some names and values.
	read, err := http.ParseSetCookie("name=value;" + attributes)
	if err != nil {
		return Cookie{}, false
	}
	for _, form := range []string{time.RFC850, time.ANSIC, "Mon, 02-Jan-06 15:04:05 MST"} { // net/http reads others.
		if read.Expires.IsZero() {
			read.Expires, _ = time.Parse(form, read.RawExpires)
		}
	}
	path, err := url.PathUnescape(read.Path) // It is compared with paths without escapes.
	cookie := Cookie{
		Name: name, Value: value,
		Deleted: read.MaxAge < 0 || read.MaxAge == 0 && !read.Expires.IsZero() && !read.Expires.After(now),
		server:  serverOf(from), path: path,
	}
	if err != nil {
		cookie.path = read.Path
	}
	prefix := strings.TrimRight(root.Path, "/")
	switch {
	case !strings.HasPrefix(cookie.path, "/"):
		cookie.path = cmp.Or(from.Path[:max(0, strings.LastIndexByte(from.Path, '/'))], "/")
	case cookie.path != "/" && !within(prefix, cookie.path):
		cookie.path = prefix + cookie.path
	}
	return cookie, true
}

// For returns the cookies for a URL, those of the longest paths first.
func (c *Cookies) For(target *url.URL) []Cookie {
	return c.of(target, func(cookie Cookie) bool { return within(cookie.path, cmp.Or(target.Path, "/")) })
}

// All returns all cookies of the server of a URL.
func (c *Cookies) All(target *url.URL) []Cookie {
	return c.of(target, func(Cookie) bool { return true })
}

func (c *Cookies) of(target *url.URL, wanted func(Cookie) bool) []Cookie {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []Cookie
	for _, cookie := range c.kept {
		if cookie.server == serverOf(target) && wanted(cookie) {
			found = append(found, cookie)
		}
	}
	slices.SortStableFunc(found, func(a, b Cookie) int { return len(b.path) - len(a.path) })
	return found
}

// Send puts cookies into a request.
func Send(request *http.Request, cookies []Cookie) {
	var pairs []string
	for _, cookie := range cookies {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	if len(pairs) > 0 {
		request.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
}

// serverOf names a server: a cookie of one port is not sent to another.
func serverOf(u *url.URL) string { return strings.ToLower(u.Scheme + "://" + u.Host) }

// within reports whether a path is another one or below it (RFC 6265, section
// 5.1.4).
func within(parent, path string) bool {
	rest, found := strings.CutPrefix(path, parent)
	return found && (rest == "" || strings.HasSuffix(parent, "/") || rest[0] == '/')
}

func (c *Cookies) empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.kept) == 0
}

// Value returns the value of a cookie as a script on the page of a URL reads it. If
// there is none, it is that of the last cookie of the name that was set, whatever its
// server and path.
func (c *Cookies) Value(name string, page *url.URL) string {
	for _, cookie := range c.For(page) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cookie := range slices.Backward(c.kept) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}
