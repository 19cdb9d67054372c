package emulator

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
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
	if s.consumerServer() == WebApp {
		return "/webapp/settings"
	}
	return "/osmc/oauth-consumers"
}

// refusedPath is where calls that succeed with a redirect are redirected to if they
// are refused.
func (s *Server) refusedPath() string { return s.adminPagePath() + "/refused" }

// AdminPageURL is the address of the administration page.
func (s *Server) AdminPageURL() string { return s.url(s.consumerServer(), REST) + s.adminPagePath() }

// addProfileRoutes adds the path of the CSRF token, and the administration page on
// the server that has the consumer API.
func (s *Server) addProfileRoutes() {
	if csrf := s.profile.CSRF; csrf != nil && csrf.Path != "" {
		s.routes[s.profile.ServerOf(csrf.Server)][csrf.Path] = endpoint{
			session: sessionNeeded, page: csrf.From == "page", methods: get(s.answerCSRF),
		}
	}
	if register := s.profile.Calls.Register; register != nil && register.Discover != "" {
		delete(s.routes[WebApp], wire.RequestConsumerKeyPath)
	}
	r, path := s.routes[s.consumerServer()], s.adminPagePath()
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
		r[path] = endpoint{session: sessionNeeded, page: true, methods: get(s.adminPage)}
		r[path+"/token"] = endpoint{session: sessionNeeded, page: true, methods: get(s.adminPageToken)}
	}
	s.addStartPages(s.routes[WebApp])
}

// adminPage is the page with the profile in it.
func (s *Server) adminPage(x *exchange) *answer {
	prefix := s.config.prefix(s.consumerServer())
	content := struct {
		Path, Prefix, SignInPath string
		SignOutMethod, SignOut   string // SignOut is an address
		Starts                   []string
		Scheme                   string
		CSRFName, CSRFToken      string
		WebApp                   bool
		Profile                  *profile.Profile
	}{
		Path: prefix + s.adminPagePath(), Prefix: prefix, SignInPath: wire.LoginPath,
		SignOutMethod: http.MethodGet, SignOut: wire.LogoutPath,
		WebApp: s.consumerServer() == WebApp, Profile: s.resolvedProfile(),
	}
	if content.WebApp {
		content.Starts, content.Scheme = s.startPages(), s.tokenScheme()
		content.SignOutMethod, content.SignOut = s.signOut()
	}
	if strings.HasPrefix(content.SignOut, authserver.Prefix) {
		content.SignOut = s.AuthenticationURL() + content.SignOut
	} else {
		content.SignOut = prefix + content.SignOut
	}
	if csrf := s.profile.CSRF; csrf != nil && csrf.From == "page" && csrf.Path == s.adminPagePath() {
		content.CSRFName, content.CSRFToken = csrf.Name, s.csrfToken(x.session)
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
	a := jsonAnswer(http.StatusOK, map[string]string{"id_token": s.auth.NewIDToken(x.session.user.Name)})
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
