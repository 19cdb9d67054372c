package control

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Local().Format(time.TimeOnly) },
}).Parse(pageSource))

// shownRequests is how many requests the page shows.
const shownRequests = 25

type pageContent struct {
	REST, WebApp string
	Consumers    []Consumer
	Sessions     Sessions
	IdleTimeout  time.Duration
	Requests     []Request // the latest first
	Total        int
	Pending      int
	Message      string
}

// page shows everything; each form posts to act, which redirects here.
func (p plane) page(w http.ResponseWriter, _ *http.Request) {
	p.show(w, http.StatusOK, "")
}

func (p plane) show(w http.ResponseWriter, status int, message string) {
	content := pageContent{
		REST: p.server.URL(), WebApp: p.server.WebAppURL(),
		Sessions: p.sessions(), IdleTimeout: p.server.IdleTimeout(), Pending: p.server.PendingFaults(), Message: message,
	}
	for _, c := range p.server.Consumers() {
		content.Consumers = append(content.Consumers, Consumer{Key: c.Key, Name: c.Name, Approved: c.Approved})
	}
	requests := p.server.Requests()
	content.Total = len(requests)
	for _, request := range slices.Backward(requests) {
		if len(content.Requests) == shownRequests {
			break
		}
		content.Requests = append(content.Requests, Request(request))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, content) // The browser may have gone.
}

// act does what a form of the page asks for.
func (p plane) act(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.show(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := p.perform(r.PathValue("action"), r.PostForm); err != nil {
		p.show(w, http.StatusBadRequest, err.Error())
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (p plane) perform(action string, form url.Values) error {
	key := form.Get("key")
	switch action {
	case "register":
		if form.Get("secret") != form.Get("secret2") {
			return errors.New("the two secrets are not the same")
		}
		_, err := p.add(Consumer{Name: form.Get("name"), Secret: form.Get("secret")})
		return err
	case "approve", "disapprove":
		approved := action == "approve"
		return p.change(key, Change{Approved: &approved})
	case "edit":
		var change Change
		if name := form.Get("name"); form.Has("name") {
			change.Name = &name
		}
		if secret := form.Get("secret"); strings.TrimSpace(secret) != "" { // Empty keeps the secret.
			change.Secret = &secret
		}
		return p.change(key, change)
	case "remove":
		if !p.server.RemoveConsumer(key) {
			return errNoConsumer
		}
		return nil
	case "expire":
		p.server.ExpireSessions()
		return nil
	case "fault":
		kind, err := twcloudtest.ParseFaultKind(form.Get("kind"))
		if err == nil {
			p.server.Inject(twcloudtest.Fault{Kind: kind})
		}
		return err
	case "clear-faults":
		p.server.ClearFaults()
		return nil
	default:
		return errors.New("there is no such action")
	}
}

// FaultKinds are the choices of the fault form.
func (pageContent) FaultKinds() []twcloudtest.FaultKind { return twcloudtest.AllFaultKinds() }
