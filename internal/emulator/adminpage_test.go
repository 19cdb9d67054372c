package emulator_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// The page and what it loads are served by the server that has the API, with the
// profile of the day, in every dialect.
func TestAdminPage(t *testing.T) {
	t.Parallel()
	for _, name := range emulator.Dialects() {
		c := newDialectClient(t, name)
		if !strings.HasPrefix(c.server.AdminPageURL(), c.at("/")) {
			t.Errorf("%s: the page is at %s", name, c.server.AdminPageURL())
		}
		page := c.want(200, c.get(c.server.AdminPageURL()))
		if !strings.Contains(page.body, c.profile.Calls.Register.Path) || strings.Contains(page.body, "ZgotmplZ") {
			t.Errorf("%s: the page lacks the profile: %s", name, page.body)
		}
		loaded := regexp.MustCompile(`(?:href|src)="(/[^"]+)"`).FindAllStringSubmatch(page.body, -1)
		if len(loaded) < 3 {
			t.Errorf("%s: the page loads %v", name, loaded)
		}
		for _, path := range loaded {
			c.want(200, c.get(c.at(path[1])))
		}
		c.want(200, c.get(c.server.AdminPageURL()+"/notifications"))

		out := regexp.MustCompile(`data-sign-out-method="(\w+)" data-sign-out="([^"]+)"`).FindStringSubmatch(page.body)
		if c.profile.Server == profile.WebApp && strings.HasPrefix(out[2], "/") {
			out[2] = c.at(out[2])
		}
		c.follow(out[1], out[2], "")
		if open := c.server.OpenSessions() + c.server.OpenPlatformSessions(); open > 0 {
			t.Errorf("%s: %d sessions are open after %v", name, open, out)
		}
	}
}
