package authserver

import (
	"bytes"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// germanCharset is what browsers take for ISO 8859-1.
var germanCharset encoding.Encoding = charmap.Windows1252

// text is a text of a page, in English.
type text string

// The texts of the pages.
const (
	signInTitle          text = "Sign in"
	usernameText         text = "User name"
	passwordText         text = "Password"
	nextText             text = "Next"
	rememberText         text = "Remember me"
	samlText             text = "Sign in with SAML"
	wrongPasswordText    text = "The user name or the password is wrong."
	signedInText         text = "You are signed in."
	signedOutText        text = "You are signed out."
	malformedText        text = "The request is malformed."
	noTransactionText    text = "The sign-in has expired. Start again."
	badClientText        text = "The client or its redirect_uri is unknown."
	deniedText           text = "Access was denied."
	notFoundText         text = "There is nothing at this path."
	methodText           text = "This method is not allowed here."
	consentText          text = "Allow access to your account?"
	allowText            text = "Allow"
	denyText             text = "Deny"
	expiredPasswordText  text = "Your password has expired"
	newPasswordText      text = "New password"
	newPasswordAgainText text = "New password again"
	saveText             text = "Save"
	continueText         text = "Continue"
)

// german are the texts of a server in German.
var german = map[text]string{
	signInTitle:          "Anmelden",
	usernameText:         "Benutzername",
	passwordText:         "Paßwort",
	nextText:             "Weiter",
	rememberText:         "Angemeldet bleiben",
	samlText:             "Mit SAML anmelden",
	wrongPasswordText:    "Benutzername oder Paßwort ungültig.",
	signedInText:         "Sie sind angemeldet.",
	signedOutText:        "Sie sind abgemeldet.",
	malformedText:        "Die Anfrage ist ungültig.",
	noTransactionText:    "Die Anmeldung ist abgelaufen. Bitte beginnen Sie von vorn.",
	badClientText:        "Der Client oder seine redirect_uri ist unbekannt.",
	deniedText:           "Der Zugriff wurde verweigert.",
	notFoundText:         "Hier ist nichts.",
	methodText:           "Diese Methode ist hier nicht erlaubt.",
	consentText:          "Zugriff auf Ihr Konto erlauben?",
	allowText:            "Erlauben",
	denyText:             "Ablehnen",
	expiredPasswordText:  "Ihr Paßwort ist abgelaufen",
	newPasswordText:      "Neues Paßwort",
	newPasswordAgainText: "Neues Paßwort (Wiederholung)",
	saveText:             "Speichern",
	continueText:         "Fortfahren",
}

func (s *Server) text(english text) string {
	if s.has(German) {
		return german[english]
	}
	return string(english)
}

// page is what a page shows. Its form returns to Path.
type page struct {
	Title, Problem text
	Path           string
	Inputs         []input
	Buttons        []button

	// Action replaces Path by an absolute address, and Script submits the form.
	Action string
	Script bool

	// Step is sent by a script in place of the form.
	Step *Step

	// SignIn says that this is a page for credentials.
	SignIn bool

	// Hidden are hidden fields.
	Hidden []input
}

type input struct {
	Name, ID, Type, Value string
	Label                 text
}

type button struct {
	Name, Value, ID string
	Text            text
}

// showForm shows the page of the transaction's step.
func (s *Server) showForm(w http.ResponseWriter, t *transaction, status int, problem text) {
	step := s.current(t)
	shown := page{Title: signInTitle, Problem: problem, Path: LoginPath, SignIn: true}
	values := step.Form
	if step.Form == nil {
		shown.Step = &step
		values = map[string]string{}
		collect(step.JSON, values)
	}
	submit := button{ID: "sign-in", Text: nextText}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch value := values[name]; value {
		case UsernamePlaceholder:
			shown.Inputs = append(shown.Inputs, input{Name: name, ID: "username", Type: "text", Label: usernameText})
		case PasswordPlaceholder:
			shown.Inputs = append(shown.Inputs, input{Name: name, ID: "password", Type: "password", Label: passwordText})
			submit.Text = signInTitle
		default:
			if submit.Name != "" { // A form is submitted by one button.
				shown.Hidden = append(shown.Hidden, input{Name: submit.Name, Value: submit.Value})
			}
			submit.Name, submit.Value = name, value
		}
	}
	// The user name first.
	slices.SortFunc(shown.Inputs, func(a, b input) int { return strings.Compare(b.Type, a.Type) })
	shown.Buttons = []button{submit}
	s.show(w, status, t, shown)
}

// collect finds the placeholders of a JSON template.
func collect(template any, found map[string]string) {
	switch template := template.(type) {
	case map[string]any:
		for _, inner := range template {
			collect(inner, found)
		}
	case []any:
		for _, inner := range template {
			collect(inner, found)
		}
	case string:
		if template == UsernamePlaceholder || template == PasswordPlaceholder {
			found[strings.Trim(template, "{}")] = template
		}
	}
}

// showAutoSubmit shows a page whose script sends a form on (OAuth 2.0 Form Post
// Response Mode).
func (s *Server) showAutoSubmit(w http.ResponseWriter, address string, parameters url.Values) {
	shown := page{Title: continueText, Action: address, Script: true, Buttons: []button{{ID: "continue", Text: continueText}}}
	for name := range parameters {
		shown.Hidden = append(shown.Hidden, input{Name: name, Value: parameters.Get(name)})
	}
	s.render(w, http.StatusOK, shown)
}

// show shows a page of a transaction, with a new value in its hidden field.
func (s *Server) show(w http.ResponseWriter, status int, t *transaction, shown page) {
	t.hidden = secret()
	shown.Hidden = append(shown.Hidden, input{Name: hiddenField, Value: t.hidden})
	// A relative address, as pages have them.
	shown.Action = withQuery(strings.TrimPrefix(shown.Path, Prefix), url.Values{executionParameter: {t.id}})
	s.render(w, status, shown)
}

// message shows a page with nothing but a text.
func (s *Server) message(w http.ResponseWriter, status int, title text) {
	s.render(w, status, page{Title: title})
}

func (s *Server) render(w http.ResponseWriter, status int, shown page) {
	charset, language := "utf-8", "en"
	if s.has(German) {
		charset, language = "iso-8859-1", "de"
	}
	var content bytes.Buffer
	err := pageTemplate.Execute(&content, struct {
		page
		Charset, Language, SAML, RememberField string
		Text                                   func(text) string
		RememberText, SAMLText                 text
		Extras                                 bool
		Root                                   string
	}{
		page: shown, Charset: charset, Language: language, SAML: s.config.SingleSignOnURL, RememberField: rememberField,
		Text: s.text, RememberText: rememberText, SAMLText: samlText, Extras: shown.SignIn && s.has(RememberMe), Root: s.config.Authentication,
	})
	body := content.Bytes()
	if err == nil && s.has(German) {
		body, err = encoding.HTMLEscapeUnsupported(germanCharset.NewEncoder()).Bytes(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset="+charset)
	w.WriteHeader(status)
	_, _ = w.Write(body) // The client may have gone.
}
