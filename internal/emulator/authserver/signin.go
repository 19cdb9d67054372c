package authserver

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// rememberField is the name of the "Remember me" box, which has no effect here.
const rememberField = "remember-me"

// hiddenField is the name of the field that each form has in addition, with another
// value each time.
const hiddenField = "_token"

// executionParameter is the parameter of the pages' addresses.
const executionParameter = "execution"

// transaction is a sign-in under way, in a session of the authentication server.
type transaction struct {
	id string

	// target is the address to go on with after the sign-in.
	target string

	// step counts the pages that have been submitted. user and password are what was
	// typed, and hidden is the value of the hidden field of the page that is shown.
	step                   int
	user, password, hidden string

	accepted, consented bool
}

// address is the address of a page for the transaction.
func (s *Server) address(t *transaction, path string) string {
	return withQuery(s.authenticationURL(path), url.Values{executionParameter: {t.id}})
}

// signIn begins a transaction. The caller holds the lock.
func (s *Server) signIn(w http.ResponseWriter, open *session, target string) {
	if s.has(SingleSignOn) {
		redirect(w, withQuery(s.config.SingleSignOnURL, url.Values{"SAMLRequest": {secret()}, "RelayState": {secret()}}))
		return
	}
	begun := &transaction{id: secret(), target: target}
	open.transactions = append(open.transactions, begun)
	redirect(w, s.address(begun, LoginPath))
}

// transaction returns the session and the transaction that a page belongs to. The
// requests of scripts do not name it: it is the last one of the session. The caller
// holds the lock.
func (s *Server) transaction(r *http.Request) (*session, *transaction) {
	open := s.find(r, authentication)
	if open == nil || len(open.transactions) == 0 {
		return open, nil
	}
	id := r.URL.Query().Get(executionParameter)
	if id == "" {
		return open, open.transactions[len(open.transactions)-1]
	}
	i := slices.IndexFunc(open.transactions, func(t *transaction) bool { return t.id == id })
	if i < 0 {
		return open, nil
	}
	return open, open.transactions[i]
}

// within runs what a page does with its transaction. A browser that comes from a
// bookmark, without one, starts.
func (s *Server) within(w http.ResponseWriter, r *http.Request, do func(*session, *transaction)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open, t := s.transaction(r)
	switch {
	case t != nil:
		do(open, t)
	case open != nil && open.user != "":
		s.message(w, http.StatusOK, signedInText)
	case r.Method == http.MethodGet && !r.URL.Query().Has(executionParameter):
		s.signIn(w, s.open(w, r, authentication), s.authenticationURL(LoginPath))
	default:
		s.message(w, http.StatusBadRequest, noTransactionText)
	}
}

// current returns the step of a transaction. One that was accepted starts again, if the
// browser goes back to its first page.
func (s *Server) current(t *transaction) Step {
	if t.accepted {
		t.step, t.accepted = 0, false
	}
	return s.config.Steps[t.step]
}

// showStep shows the page of the transaction's step.
func (s *Server) showStep(w http.ResponseWriter, r *http.Request) {
	s.within(w, r, func(_ *session, t *transaction) { s.showForm(w, t, http.StatusOK, "") })
}

// submitForm takes the form of a step.
func (s *Server) submitForm(w http.ResponseWriter, r *http.Request) {
	form, err := s.form(r)
	s.within(w, r, func(open *session, t *transaction) {
		step := s.current(t)
		if err != nil || step.Form == nil || !t.proves(form) || !t.takesForm(step.Form, form) {
			s.message(w, http.StatusBadRequest, malformedText)
			return
		}
		if s.fails(t) {
			status := http.StatusUnauthorized
			if s.has(WrongPassword200) {
				status = http.StatusOK
			}
			s.showForm(w, t, status, wrongPasswordText)
			return
		}
		redirect(w, s.next(w, r, open, t))
	})
}

// proves reports whether a form comes from the page that was shown last.
func (t *transaction) proves(form url.Values) bool {
	hidden := t.hidden
	t.hidden = ""
	return hidden != "" && form.Get(hiddenField) == hidden
}

// takesForm takes the credentials from a form, and reports whether it has all fields.
func (t *transaction) takesForm(template map[string]string, form url.Values) bool {
	for name, value := range template {
		if len(form[name]) != 1 || !t.takes(value, form.Get(name)) {
			return false
		}
	}
	return true
}

// takes takes a value for a template, and reports whether it fits.
func (t *transaction) takes(template, value any) bool {
	text, isText := value.(string)
	switch template := template.(type) {
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(template)), slices.Sorted(maps.Keys(object))) {
			return false
		}
		for name, inner := range template {
			if !t.takes(inner, object[name]) {
				return false
			}
		}
		return true
	case []any:
		array, ok := value.([]any)
		if !ok || len(array) != len(template) {
			return false
		}
		for i := range template {
			if !t.takes(template[i], array[i]) {
				return false
			}
		}
		return true
	default:
		switch {
		case template == UsernamePlaceholder && isText:
			t.user = text
		case template == PasswordPlaceholder && isText:
			t.password = text
		default:
			return reflect.DeepEqual(template, value)
		}
		return true
	}
}

// submitJSON takes the request of a step's script.
func (s *Server) submitJSON(w http.ResponseWriter, r *http.Request) {
	body, err := decodeJSON(r.Body)
	s.within(w, r, func(open *session, t *transaction) {
		step := s.current(t)
		if err != nil || step.Path != r.URL.EscapedPath() || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || !t.takes(step.JSON, body) {
			writeJSON(w, http.StatusBadRequest, map[string]string{"message": s.text(malformedText)})
			return
		}
		if s.fails(t) {
			writeJSON(w, http.StatusUnauthorized, map[string]string{"message": s.text(wrongPasswordText)})
			return
		}
		writeJSON(w, http.StatusOK, setAt(nil, step.Next, s.next(w, r, open, t)))
	})
}

// decodeJSON keeps numbers as they are.
func decodeJSON(r io.Reader) (value any, err error) {
	decoder := json.NewDecoder(r)
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// setAt sets the value at a JSON pointer (RFC 6901) of objects.
func setAt(document any, pointer string, value any) any {
	if pointer == "" {
		return value
	}
	name, rest, more := strings.Cut(pointer[1:], "/")
	if more {
		rest = "/" + rest
	}
	object, ok := document.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	object[name] = setAt(object[name], rest, value)
	return object
}

// fails ends a step, and after the last one checks the password. If it is wrong, the
// transaction starts again. The caller holds the lock.
func (s *Server) fails(t *transaction) bool {
	t.step++
	if t.step < len(s.config.Steps) {
		return false
	}
	t.accepted = s.CheckPassword(t.user, t.password)
	t.password = ""
	if t.accepted {
		s.counts.SignIns++
		return false
	}
	s.counts.FailedSignIns++
	t.step = 0
	return true
}

// next returns the address to go on with after a step: the next one's, or what the
// server asks for after the password was accepted, or the client's. The caller holds
// the lock.
func (s *Server) next(w http.ResponseWriter, r *http.Request, open *session, t *transaction) string {
	switch {
	case !t.accepted:
		return s.address(t, LoginPath)
	case s.has(PasswordExpired):
		return s.address(t, newPasswordPath)
	case s.has(Consent) && !t.consented:
		return s.address(t, consentPath)
	}
	// Another cookie, so that nobody else has it.
	if open.user != "" { // As the user of another transaction.
		s.end(open)
		open.transactions = nil
	}
	s.begin(open, t.user)
	s.renew(w, r, open)
	open.transactions = slices.DeleteFunc(open.transactions, func(other *transaction) bool { return other == t })
	return t.target
}

// showConsent and submitConsent are the page on which a user agrees that the client
// learns who they are.
func (s *Server) showConsent(w http.ResponseWriter, r *http.Request) {
	s.within(w, r, func(_ *session, t *transaction) {
		s.show(w, http.StatusOK, t, page{Title: consentText, Path: consentPath, Buttons: []button{
			{Name: "decision", Value: "allow", Text: allowText, ID: "allow"}, {Name: "decision", Value: "deny", Text: denyText, ID: "deny"},
		}})
	})
}

func (s *Server) submitConsent(w http.ResponseWriter, r *http.Request) {
	form, err := s.form(r)
	s.within(w, r, func(open *session, t *transaction) {
		switch {
		case err != nil || !t.proves(form) || !t.accepted:
			s.message(w, http.StatusBadRequest, malformedText)
		case form.Get("decision") != "allow":
			s.message(w, http.StatusForbidden, deniedText)
		default:
			t.consented = true
			redirect(w, s.next(w, r, open, t))
		}
	})
}

// showNewPassword is the page that asks for a new password.
func (s *Server) showNewPassword(w http.ResponseWriter, r *http.Request) {
	s.within(w, r, func(_ *session, t *transaction) {
		s.show(w, http.StatusOK, t, page{Title: expiredPasswordText, Path: newPasswordPath, Inputs: []input{
			{Name: "newPassword", ID: "new-password", Type: "password", Label: newPasswordText},
			{Name: "newPasswordAgain", ID: "new-password-again", Type: "password", Label: newPasswordAgainText},
		}, Buttons: []button{{Text: saveText, ID: "save"}}})
	})
}

// parameters are those of the query or, for POST, of the form.
func parameters(r *http.Request) (url.Values, error) {
	parameters := r.URL.Query()
	if r.Method != http.MethodPost {
		return parameters, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	for name, values := range form {
		parameters[name] = values
	}
	return parameters, err
}

// form is the form that a page of this server has sent, in its character set.
func (s *Server) form(r *http.Request) (url.Values, error) {
	form, err := parameters(r)
	if err != nil || !s.has(German) {
		return form, err
	}
	decoder := germanCharset.NewDecoder()
	for _, values := range form {
		for i := range values {
			if values[i], err = decoder.String(values[i]); err != nil {
				return nil, err
			}
		}
	}
	return form, nil
}
