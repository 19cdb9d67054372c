package learn

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Credentials are those of the user who was recorded, as far as they are known. They
// are looked for in the recording, and written nowhere.
type Credentials struct{ Username, Password string }

// signIn is how the browser has signed in on pages.
type signIn struct {
	*learner
	username, password string
	elsewhere          bool        // on another server
	head               *exchange   // what led to the first page; nil if the recording has none
	starts             []*exchange // pages of applications that led to the authentication server
	posts              []*exchange // what was sent in the steps
	steps              []profile.Step
	readings, problems []string
}

var (
	passwordName = pattern(`(?i)passw|passphrase|pwd|^pass$|kennwort`)
	usernameName = pattern(`(?i)user|login|e-?mail|account|benutzer|kennung|^(uid|id|name)$`)
	hashed       = pattern(`^([0-9a-fA-F]{32,}|[A-Za-z0-9+/_-]{43,}={0,2})$`)
	wordOrWords  = pattern(`^\pL[\pL\d .,_/-]{0,40}$`)
	signOutName  = pattern(`(?i)(log|sign)[-_]?(out|off)|end-?session|abmeld`)
	tokenName    = pattern(`(?i)^(id|access)_?token$|^jwt$`)
)

const authentication = "/authentication/"

// findSignIn finds the sign-in before the registration. Nil: no request sends a
// password.
func (l *learner) findSignIn(given Credentials) *signIn {
	before := l.all
	if l.roles.register != nil {
		before = l.all[:l.roles.register.at]
	}
	s := &signIn{learner: l}
	last := s.findPassword(before, given.Password)
	if last == nil {
		return nil
	}
	first := s.findUsername(before[:last.at+1], given.Username)
	for _, one := range before {
		for _, text := range texts(one.query) {
			if looksRandom(text) && !strings.Contains(text, "://") {
				l.private.secret(text) // A code, a state.
			}
		}
	}
	l.private.secret(s.username)
	l.private.secret(s.password)
	if register := l.roles.register; register != nil {
		s.elsewhere = last.entry.URL.Hostname() != register.entry.URL.Hostname() && !strings.Contains(last.entry.URL.Path, authentication)
	}
	s.findStarts(before, first, last)
	s.add(first)
	s.add(last)
	s.addFurther(before[last.at+1:])
	return s
}

// findPassword finds the last request that sends the password, which it knows, or
// recognizes by the page, or by the name of the field.
func (s *signIn) findPassword(before []*exchange, given string) (found *exchange) {
	for _, is := range []func(name, text, kind string) bool{
		func(_, text, _ string) bool { return text == given },
		func(_, _, kind string) bool { return kind == "password" },
		func(name, _, _ string) bool { return passwordName().MatchString(name) },
	} {
		for _, one := range slices.Backward(before) {
			if !one.submits() || !one.ok() || s.registers(one) {
				continue
			}
			controls, _ := controlsOf(s.pageOf(one))
			eachText(one.body, func(pointer, text string) {
				if name := lastToken(pointer); text != "" && is(name, text, controls[name].kind) {
					found, s.password = one, text
				}
			})
			if found != nil {
				return found
			}
		}
	}
	return nil
}

// registers reports whether a request registers another consumer, as the page does it.
func (s *signIn) registers(one *exchange) bool {
	register := s.roles.register
	if register == nil || one.method != register.method || one.entry.URL.Path != register.entry.URL.Path {
		return false
	}
	sent, typed := map[string]bool{}, map[string]bool{}
	profile.Walk("", one.body, func(at string, _ any) { sent[at] = true })
	profile.Walk("", register.body, func(at string, _ any) { typed[at] = true })
	return maps.Equal(sent, typed)
}

// findUsername finds the request that sends the name of the user: with the password, or
// on a page before it. Without any, it returns the one with the password.
func (s *signIn) findUsername(before []*exchange, given string) *exchange {
	last := before[len(before)-1]
	shown, _ := controlsOf(s.pageOf(last))
	for _, is := range []func(name, text, kind string) bool{
		func(_, text, _ string) bool { return text == given },
		func(_, _, kind string) bool { return kind == "text" },
		func(name, _, _ string) bool { return usernameName().MatchString(name) },
	} {
		for _, one := range slices.Backward(before) {
			if !one.submits() || !one.ok() || one != last && one.sends(s.password) {
				continue
			}
			controls, _ := controlsOf(s.pageOf(one))
			found := false
			eachText(one.body, func(pointer, text string) {
				name := lastToken(pointer)
				if text == "" || text == s.password || found || shown != nil && one == last && controls[name].kind == "hidden" {
					return
				}
				if found = is(name, text, controls[name].kind); found {
					s.username = text
				}
			})
			if found {
				return one
			}
		}
	}
	s.problem("The recording does not show the name of the user. Set TWCLOUD_USERNAME and TWCLOUD_PASSWORD as you have typed them, and learn again.")
	return last
}

// submits reports whether a request sends what was typed on a page, and not what the
// steps ask for.
func (e *exchange) submits() bool {
	return !e.reads() && (e.kind == formBody || e.kind == jsonBody) && len(e.typed) == 0
}

func (s *signIn) problem(format string, arguments ...any) {
	add(&s.problems, "sign_in: "+format, arguments...)
}

// findStarts finds what led to the first page, and the pages of applications that led
// to the authentication server.
func (s *signIn) findStarts(before []*exchange, first, last *exchange) {
	s.head = s.pageOf(first)
	for s.head != nil {
		previous := s.pageOf(s.head)
		if s.head.reads() {
			previous = nil
			for _, one := range before[:s.head.at] {
				if to := one.location(); to != nil && addressOf(to) == s.head.address() {
					previous = one
				}
			}
		}
		if previous == nil {
			break
		}
		s.head = previous
	}
	if s.head == nil {
		s.head = s.landing(before, last)
	}
	for _, one := range before {
		to := one.location()
		if to != nil && one.navigates() && strings.Contains(to.Path, authentication) && !strings.Contains(one.entry.URL.Path, authentication) {
			s.starts = append(s.starts, one)
		}
	}
}

// landing is the page that comes after the sign-in. It leads to the sign-in, too.
func (s *signIn) landing(before []*exchange, last *exchange) *exchange {
	for _, one := range before[last.at+1:] {
		if one.reads() && one.isPage() && len(one.query) == 0 && !strings.Contains(one.entry.URL.Path, authentication) {
			add(&s.readings, "sign_in: the recording begins on the sign-in page, so the sign-in starts where it ended.")
			return one
		}
	}
	return nil
}

// buildSignIn says how requests to the platform are authorized.
func (l *learner) buildSignIn(p *profile.Profile) {
	if !p.SignsIn() {
		return
	}
	out := l.signOut()
	// A token serves those whose sign-in is not known.
	p.SignIn = &profile.SignIn{Known: profile.Assumed, By: profile.ByToken, Scheme: "Token", SignOut: out}
	var schemes []string
	for _, one := range append(l.roles.all(), l.lists[0].exchanges...) {
		if scheme, _, found := strings.Cut(har.Header(one.entry.RequestHeaders, "Authorization"), " "); found && !slices.Contains(schemes, scheme) && l.serverOf(one) == profile.WebApp {
			schemes = append(schemes, scheme)
		}
	}
	switch s := l.signIn; {
	case len(schemes) == 1 && !slices.Contains([]string{"basic", "digest", "negotiate", "ntlm"}, strings.ToLower(schemes[0])):
		p.SignIn = &profile.SignIn{By: profile.ByToken, Scheme: schemes[0], SignOut: out}
	case len(schemes) > 0:
		l.report.unable("sign_in: the calls carry Authorization with %s, which a profile cannot describe.", strings.Join(schemes, " and "))
	case s == nil:
		l.report.problem("sign_in: not found, and the calls carry no token. Record from before the sign-in: sign out, start the recording, then sign in. Until then, the profile takes a token (assumed): set token, or client_id with auth_secret.")
	case s.elsewhere:
		l.report.problem("sign_in: the sign-in leaves for another server (single sign-on), whose pages a profile cannot describe. The profile takes a token (assumed): set token, or client_id with auth_secret.")
	default:
		p.SignIn = l.byPage(p, out)
	}
}

func (l *learner) byPage(p *profile.Profile, out *profile.SignOut) *profile.SignIn {
	s := l.signIn
	in := &profile.SignIn{By: profile.ByPage, Start: s.start(p), Steps: s.steps, SignOut: out}
	l.place(&in.Start)
	for i := range in.Steps {
		if step := &in.Steps[i]; step.Path != "" && l.place(&step.Path) == profile.REST {
			s.problem("%s goes to the REST API, which a profile cannot describe.", l.show(s.posts[i]))
		}
	}
	for _, one := range s.posts {
		for _, header := range one.entry.RequestHeaders {
			name := http.CanonicalHeaderKey(header.Name)
			if one.kind == jsonBody && p.Headers[name] == "" && !standard().MatchString(name) && !tracing().MatchString(name) {
				s.problem("%s sends the header %s, which the calls do not send. A profile cannot describe that.", l.show(one), s.shown(name))
			}
		}
	}
	if in.SignOut == nil {
		s.problem("no request signs out. Sign out at the end (step 6), and record again. Until then, the profile has the documented sign-out.")
		in.SignOut = &profile.SignOut{Method: http.MethodGet, Path: "/authentication/api/signout"}
	}
	if l.stripped() && slices.ContainsFunc(l.all, bringsToken) {
		s.problem("the page gets a token, and the browser leaves Authorization out of the recording. Export it with sensitive data.")
	}
	l.report.readings = append(l.report.readings, s.readings...)
	l.report.problems = append(l.report.problems, s.problems...)
	return in
}

// bringsToken reports whether a response has a token that calls may carry.
func bringsToken(one *exchange) bool {
	found := false
	eachText(one.answer, func(pointer, text string) {
		found = found || tokenName().MatchString(lastToken(pointer)) && looksRandom(text)
	})
	return found
}

// start is the page that the sign-in starts with: one of the application that the calls
// go to, or else the one that led to the sign-in.
func (s *signIn) start(p *profile.Profile) string {
	for _, call := range p.Calls.All() {
		application, _, _ := strings.Cut(strings.TrimPrefix(call.Path, "/"), "/")
		for _, one := range s.starts {
			path := one.entry.URL.EscapedPath()
			if s.place(&path) == profile.WebApp && strings.HasPrefix(path, "/"+application+"/") && p.ServerOf(call.Server) == profile.WebApp {
				return one.entry.URL.EscapedPath()
			}
		}
	}
	head := s.head
	if head == nil || strings.Contains(head.entry.URL.Path, authentication) && len(s.starts) > 0 {
		if len(s.starts) == 0 {
			s.problem("the page that leads to the sign-in is not in the recording. Start it before you open the page.")
			return "/webapp/"
		}
		head = s.starts[0]
	}
	if len(head.query) > 0 {
		if strings.Contains(head.entry.URL.Path, authentication) {
			s.problem("it starts at %s with %s in the query, which a script has made. Open the page itself, and record again.", s.show(head), strings.Join(slices.Collect(maps.Keys(texts(head.query))), ", "))
		} else {
			add(&s.readings, "sign_in: it starts at %s, and the profile leaves the query out.", s.show(head))
		}
	}
	return head.entry.URL.EscapedPath()
}

func (l *learner) serverOf(one *exchange) string {
	path := one.entry.URL.EscapedPath()
	return l.place(&path)
}

// signOut finds the request that signs out after the steps.
func (l *learner) signOut() *profile.SignOut {
	end := 0
	for _, one := range l.roles.all() {
		end = max(end, one.at)
	}
	for _, one := range l.all[end+1:] {
		if !one.signsOut() || one.entry.Status >= 400 || l.serverOf(one) != profile.WebApp {
			continue
		}
		l.out = one
		if one.kind != noBody {
			l.report.unable("sign_out: %s is sent with a body, which a profile cannot describe. Without it, the server may keep the session until it was idle for too long.", l.show(one))
		}
		out := &profile.SignOut{Method: one.method, Path: one.entry.URL.EscapedPath()}
		l.place(&out.Path)
		return out
	}
	return nil
}

func (e *exchange) signsOut() bool {
	return signOutName().MatchString(strings.Join(e.segments[max(0, len(e.segments)-2):], "/"))
}

// reportSignIn says how requests are authorized.
func (l *learner) reportSignIn(p *profile.Profile) {
	in := p.SignIn
	if in == nil {
		return
	}
	how := "by token, with Authorization: " + in.Scheme
	if in.By == profile.ByPage {
		how = "by page, from " + in.Start
		for _, one := range l.signIn.posts {
			how += ", " + l.show(one)
		}
	}
	if in.Known == profile.Assumed {
		how += " (assumed)"
	}
	add(&l.report.calls, "%-10s  %s", "sign_in", how)
	if in.SignOut != nil && l.out != nil {
		add(&l.report.calls, "%-10s  %-6s %s", "sign_out", in.SignOut.Method, in.SignOut.Path)
	}
}
