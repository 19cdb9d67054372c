package twcloudtest

import "github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"

// adminPagePath is where the administration page is, on the server that has the
// API.
func (s *Server) adminPagePath() string {
	if s.profile.Server == profile.WebApp {
		return "/oauth-consumers"
	}
	return "/osmc/oauth-consumers"
}
