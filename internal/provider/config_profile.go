package provider

import "github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"

// checkProfile reports what is wrong with the API profile.
func (r *resolver) checkProfile() {
	r.conflict("oauth_consumers_path", "api_profile_file", "The profile already holds the path. Remove one of them.")
	if r.settings.apiProfile == "" {
		return
	}
	for _, problem := range checkAPIProfile(r.settings.apiProfile) {
		r.reject(r.values["api_profile_file"], problem)
	}
}

// checkAPIProfile returns what is wrong with the content of an API profile. Each
// problem continues a sentence whose subject is the file, and has no period at its
// end.
func checkAPIProfile(content string) []string {
	_, problems := twcloud.ParseProfile([]byte(content))
	for i := range problems {
		problems[i] = "is not a valid API profile: " + problems[i]
	}
	return problems
}
