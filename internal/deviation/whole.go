package deviation

import (
	"net/http"
	"strings"
)

// whole are the deviations that concern more than one call.
func whole() []Deviation {
	return []Deviation{
		{Name: "login-web-page", handler: instead("login", func(*call) *answer {
			return says(http.StatusOK, "text/html", "<html><title>Sign in</title><input type=password></html>")
		})},
		{Name: "login-without-cookie", handler: instead("login", func(*call) *answer { return says(http.StatusNoContent, "", "") })},
		{Name: "login-200-json", Works: Everywhere, handler: on([]string{"login"}, func(_ *call, a *answer) *answer {
			return a.with(map[string]any{"user": "admin"}).withStatus(http.StatusOK)
		})},
		{Name: "csrf-wanted", handler: stateless(func(c *call) *answer {
			if c.is("register", "update", "remove") && c.Header.Get("X-Csrf-Token") == "" {
				return refuses(http.StatusForbidden, "The CSRF token is missing.")
			}
			return c.forward()
		})},
		{Name: "errors-in-200", handler: stateless(func(c *call) *answer {
			if c.about() {
				return says(http.StatusOK, "", "").with(map[string]any{"error": "not licensed"})
			}
			return c.forward()
		})},
		{Name: "changes-refused-in-200", handler: stateless(func(c *call) *answer {
			if c.is("register", "update", "remove") {
				return says(http.StatusOK, "", "").with(map[string]any{"error": "not licensed"})
			}
			return c.forward()
		})},
		{Name: "redirects-to-slash", handler: stateless(func(c *call) *answer {
			if c.about() && !strings.HasSuffix(c.path, "/") {
				a := says(http.StatusMovedPermanently, "", "")
				a.header.Set("Location", c.path+"/")
				return a
			}
			c.path = strings.TrimSuffix(c.path, "/")
			return c.forward()
		})},
		{Name: "everything-201", handler: stateless(func(c *call) *answer {
			a := c.forward()
			if c.about() && a.ok() {
				a.status = http.StatusCreated
			}
			return a
		})},
		{Name: "nothing-here", handler: stateless(func(c *call) *answer {
			if c.about() {
				return refuses(http.StatusNotFound, "no such path")
			}
			return c.forward()
		})},
		{Name: "content-type-text", Works: Everywhere, handler: stateless(func(c *call) *answer {
			a := c.forward()
			if c.about() && a.ok() && len(a.body) > 0 {
				a.header.Set("Content-Type", "text/plain")
			}
			return a
		})},
	}
}
