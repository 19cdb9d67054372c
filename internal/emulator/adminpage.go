package emulator

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// The administration page does what the page "OAuth consumers" of TWCloud Admin
// does, in the dialect of the server: the browser sends the requests of the
// profile. It is on the server that has the consumer API; on the platform, a browser
// must sign in first. The elements that a script needs are listed at the top of
// adminpage/page.html.

//go:embed adminpage
var adminPageFiles embed.FS

var adminPageTemplate = template.Must(template.ParseFS(adminPageFiles, "adminpage/page.html"))

// adminPagePath is the path of the page.
func (s *Server) adminPagePath() string {
	if s.profile.Server == profile.WebApp {
		return "/webapp/settings"
	}
	return "/osmc/oauth-consumers"
}

// AdminPageURL is the address of the administration page.
func (s *Server) AdminPageURL() string {
	if s.profile.Server == profile.WebApp {
		return s.WebAppURL() + s.adminPagePath()
	}
	return s.URL() + s.adminPagePath()
}

// addProfileRoutes adds what is on the server that has the consumer API: the
// administration page, and the path of the CSRF token.
func (s *Server) addProfileRoutes(r router) {
	if csrf := s.profile.CSRF; csrf != nil && csrf.Path != "" {
		r[csrf.Path] = endpoint{session: sessionNeeded, methods: get(s.csrfToken)}
	}
	path := s.adminPagePath()
	r[path] = endpoint{methods: get(s.adminPage)}
	for _, name := range []string{"page.js", "page.css", "icon.svg"} {
		r[path+"/"+name] = endpoint{methods: get(adminPageFile(name))}
	}
	// The page asks for this now and then, as pages do that show what is new.
	r[path+"/notifications"] = endpoint{methods: get(func(*exchange) *answer {
		return jsonAnswer(http.StatusOK, map[string]any{"notifications": []any{}, "serverTime": s.config.Now().UTC().Format(time.RFC3339)})
	})}
	if s.profile.Server == profile.WebApp {
		r[path] = endpoint{session: sessionNeeded, page: true, methods: get(s.adminPage)}
		r[path+"/token"] = endpoint{session: sessionNeeded, page: true, methods: get(s.adminPageToken)}
		for _, start := range append(s.startPages(), "/webapp/") {
			r[start] = endpoint{session: sessionNeeded, page: true, methods: get(s.startPage)}
		}
	}
}

// startPages are pages of the applications that the calls go to, but for that of the
// administration page. A browser must open one for each application, to have a session
// there.
func (s *Server) startPages() []string {
	var pages []string
	for application := range s.applications() {
		if application != firstSegment(s.adminPagePath()) {
			pages = append(pages, "/"+application+"/")
		}
	}
	slices.Sort(pages)
	return pages
}

// applications are the applications of the platform that calls go to.
func (s *Server) applications() map[string]bool {
	found := map[string]bool{}
	if s.profile.Server != profile.WebApp {
		return found
	}
	for _, call := range s.profile.Calls.All() {
		found[firstSegment(call.Path)] = true
	}
	if csrf := s.profile.CSRF; csrf != nil && csrf.Path != "" {
		found[firstSegment(csrf.Path)] = true
	}
	return found
}

func firstSegment(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return segment
}

// startPage is a page of an application with nothing on it.
func (s *Server) startPage(x *exchange) *answer {
	a := htmlAnswer(http.StatusOK, "Welcome", "<p>You are signed in.</p>")
	s.setCSRFCookie(x, a.header, x.session)
	return a
}

// adminPage is the page with the profile in it.
func (s *Server) adminPage(x *exchange) *answer {
	content := struct {
		Path, Prefix, SignInPath   string
		SignOutMethod, SignOutPath string
		Starts                     []string
		Scheme                     string
		WebApp                     bool
		Profile                    *profile.Profile
	}{
		Path: s.config.PathPrefix + s.adminPagePath(), Prefix: s.config.PathPrefix, SignInPath: wire.LoginPath,
		SignOutMethod: http.MethodGet, SignOutPath: wire.LogoutPath,
		WebApp: s.profile.Server == profile.WebApp, Profile: s.profile,
	}
	if content.WebApp {
		content.Starts, content.Scheme = s.startPages(), s.tokenScheme()
		content.SignOutMethod, content.SignOutPath = s.signOut()
	}
	var page bytes.Buffer
	if err := adminPageTemplate.Execute(&page, content); err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	a := newAnswer(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	a.header.Set("Cache-Control", "no-store")
	if content.WebApp {
		s.setCSRFCookie(x, a.header, x.session)
	}
	return a
}

// adminPageToken hands the page an ID token, for calls that need one.
func (s *Server) adminPageToken(x *exchange) *answer {
	token, err := s.auth.NewIDToken(x.session.user.Name)
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	a := jsonAnswer(http.StatusOK, map[string]string{"id_token": token})
	a.header.Set("Cache-Control", "no-store")
	return a
}

func adminPageFile(name string) handler {
	content, err := adminPageFiles.ReadFile("adminpage/" + name)
	if err != nil {
		panic(err) // It is embedded.
	}
	return func(*exchange) *answer {
		a := newAnswer(http.StatusOK, mime.TypeByExtension(path.Ext(name)), content)
		a.header.Set("Cache-Control", "max-age=3600")
		return a
	}
}
