package emulator

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// The administration page does what the page "OAuth consumers" of TWCloud Admin
// does, in the dialect of the server: the browser sends the requests of the
// profile. It is on the server that has the consumer API. The elements that a
// script needs are listed at the top of adminpage/page.html.

//go:embed adminpage
var adminPageFiles embed.FS

var adminPageTemplate = template.Must(template.ParseFS(adminPageFiles, "adminpage/page.html"))

// adminPagePath is the path of the page.
func (s *Server) adminPagePath() string {
	if s.consumerServer() == WebApp {
		return "/oauth-consumers"
	}
	return "/osmc/oauth-consumers"
}

// refusedPath is where calls that succeed with a redirect are redirected to if they
// are refused.
func (s *Server) refusedPath() string { return s.adminPagePath() + "/refused" }

// AdminPageURL is the address of the administration page.
func (s *Server) AdminPageURL() string { return s.parts[s.consumerServer()].url + s.adminPagePath() }

// addProfileRoutes adds the path of the CSRF token, and the administration page on
// the server that has the consumer API.
func (s *Server) addProfileRoutes() {
	if csrf := s.profile.CSRF; csrf != nil && csrf.Path != "" {
		s.parts[s.profile.ServerOf(csrf.Server)].routes[csrf.Path] = endpoint{session: sessionNeeded, methods: get(s.answerCSRF)}
	}
	if register := s.profile.Calls.Register; register != nil && register.Discover != "" {
		delete(s.parts[WebApp].routes, wire.RequestConsumerKeyPath)
	}
	r, path := s.parts[s.consumerServer()].routes, s.adminPagePath()
	r[path] = endpoint{methods: get(s.adminPage)}
	for _, name := range []string{"page.js", "page.css", "icon.svg"} {
		r[path+"/"+name] = endpoint{methods: get(adminPageFile(name))}
	}
	r[s.refusedPath()] = endpoint{methods: get(func(*exchange) *answer {
		return htmlAnswer(http.StatusOK, "The change was refused", "<p>Nothing has changed.</p>")
	})}
	// The page asks for this now and then, as pages do that show what is new.
	r[path+"/notifications"] = endpoint{methods: get(func(*exchange) *answer {
		return jsonAnswer(http.StatusOK, map[string]any{"notifications": []any{}, "serverTime": s.config.Now().UTC().Format(time.RFC3339)})
	})}
	if s.consumerServer() == WebApp {
		// The cookies of /osmc/login would not reach this server.
		r[path+"/sign-in"] = endpoint{methods: map[string]handler{http.MethodPost: s.signInWithForm}}
	}
}

// adminPage is the page with the profile in it.
func (s *Server) adminPage(*exchange) *answer {
	content := struct {
		Path, Prefix, SignInPath string
		WebApp                   bool
		Profile                  *profile.Profile
	}{
		Path: s.config.PathPrefix + s.adminPagePath(), Prefix: s.config.PathPrefix, SignInPath: wire.LoginPath,
		WebApp: s.consumerServer() == WebApp, Profile: s.resolvedProfile(),
	}
	if content.WebApp {
		content.SignInPath = s.adminPagePath() + "/sign-in"
	}
	var page bytes.Buffer
	if err := adminPageTemplate.Execute(&page, content); err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	a := newAnswer(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	a.header.Set("Cache-Control", "no-store")
	return a
}

// resolvedProfile is the profile with the path of a registration that the root
// services document names.
func (s *Server) resolvedProfile() *profile.Profile {
	resolved := *s.profile
	for _, described := range s.callsOf(s.consumerServer()) {
		if described.Name == "register" {
			resolved.Calls.Register = described
		}
	}
	return &resolved
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

// signInWithForm opens a session on the Web Application Platform (A).
func (s *Server) signInWithForm(x *exchange) *answer {
	form, err := url.ParseQuery(strings.TrimSpace(string(x.body)))
	if err != nil {
		return failure(http.StatusBadRequest, "The body must be a form.")
	}
	user, ok := s.checkPassword(form.Get("username"), form.Get("password"))
	return s.logIn(x, user, ok)
}
