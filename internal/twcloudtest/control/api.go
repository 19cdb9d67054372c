package control

import (
	"errors"
	"net/http"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var (
	errNoConsumer = errors.New("there is no consumer with this key")
	errKeyTaken   = errors.New("there is a consumer with this key already")
	errNoName     = errors.New("the name must not be blank")
	errNoSecret   = errors.New("the secret must not be empty")
)

func toConsumer(c twcloudtest.Consumer, r *http.Request) Consumer {
	consumer := Consumer{Key: c.Key, Name: c.Name, Approved: c.Approved}
	if r.URL.Query().Get("secrets") == "true" {
		consumer.Secret = c.Secret
	}
	return consumer
}

func (p plane) listConsumers(w http.ResponseWriter, r *http.Request) {
	consumers := []Consumer{}
	for _, c := range p.server.Consumers() {
		consumers = append(consumers, toConsumer(c, r))
	}
	answer(w, http.StatusOK, consumers)
}

func (p plane) addConsumer(w http.ResponseWriter, r *http.Request) {
	var c Consumer
	if !parse(w, r, &c) {
		return
	}
	added, err := p.add(c)
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	answer(w, http.StatusCreated, toConsumer(added, r))
}

func (p plane) add(c Consumer) (twcloudtest.Consumer, error) {
	if strings.TrimSpace(c.Name) == "" {
		return twcloudtest.Consumer{}, errNoName
	}
	if c.Secret == "" {
		return twcloudtest.Consumer{}, errNoSecret
	}
	if _, taken := p.server.Consumer(c.Key); taken {
		return twcloudtest.Consumer{}, errKeyTaken
	}
	return p.server.AddConsumer(twcloudtest.Consumer{Key: c.Key, Name: c.Name, Secret: c.Secret, Approved: c.Approved}), nil
}

func (p plane) readConsumer(w http.ResponseWriter, r *http.Request) {
	c, ok := p.server.Consumer(r.PathValue("key"))
	if !ok {
		fail(w, http.StatusNotFound, errNoConsumer)
		return
	}
	answer(w, http.StatusOK, toConsumer(c, r))
}

func (p plane) updateConsumer(w http.ResponseWriter, r *http.Request) {
	var change Change
	if !parse(w, r, &change) {
		return
	}
	switch err := p.change(r.PathValue("key"), change); {
	case errors.Is(err, errNoConsumer):
		fail(w, http.StatusNotFound, err)
	case err != nil:
		fail(w, http.StatusBadRequest, err)
	default:
		p.readConsumer(w, r)
	}
}

func (p plane) change(key string, change Change) error {
	if change.Name != nil && strings.TrimSpace(*change.Name) == "" {
		return errNoName
	}
	if change.Secret != nil && *change.Secret == "" {
		return errNoSecret
	}
	found := p.server.UpdateConsumer(key, func(c *twcloudtest.Consumer) {
		if change.Name != nil {
			c.Name = *change.Name
		}
		if change.Secret != nil {
			c.Secret = *change.Secret
		}
		if change.Approved != nil {
			c.Approved = *change.Approved
		}
	})
	if !found {
		return errNoConsumer
	}
	return nil
}

func (p plane) removeConsumer(w http.ResponseWriter, r *http.Request) {
	if !p.server.RemoveConsumer(r.PathValue("key")) {
		fail(w, http.StatusNotFound, errNoConsumer)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p plane) listRequests(w http.ResponseWriter, _ *http.Request) {
	requests := []Request{}
	for _, r := range p.server.Requests() {
		requests = append(requests, Request(r))
	}
	answer(w, http.StatusOK, requests)
}

func (p plane) resetRequests(w http.ResponseWriter, _ *http.Request) {
	p.server.ResetRequests()
	w.WriteHeader(http.StatusNoContent)
}

func (p plane) sessions() Sessions {
	sessions := Sessions{Seats: p.server.Seats(), Open: []Session{}, Logins: p.server.Logins(), Logouts: p.server.Logouts()}
	for _, s := range p.server.Sessions() {
		sessions.Open = append(sessions.Open, Session(s))
	}
	return sessions
}

func (p plane) listSessions(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, p.sessions())
}

func (p plane) expireSessions(w http.ResponseWriter, _ *http.Request) {
	p.server.ExpireSessions()
	w.WriteHeader(http.StatusNoContent)
}

func (p plane) listFaults(w http.ResponseWriter, _ *http.Request) {
	faults := Faults{Pending: p.server.PendingFaults()}
	for _, kind := range append(twcloudtest.AllFaultKinds(), twcloudtest.AnswerWith) {
		faults.Kinds = append(faults.Kinds, kind.String())
	}
	answer(w, http.StatusOK, faults)
}

func (p plane) addFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !parse(w, r, &f) {
		return
	}
	kind, err := twcloudtest.ParseFaultKind(f.Kind)
	switch {
	case err != nil:
	case kind == twcloudtest.AnswerWith && (f.Status < 200 || f.Status > 599):
		err = errors.New("answer-with needs a status from 200 to 599")
	case f.Server != "" && f.Server != twcloudtest.REST && f.Server != twcloudtest.WebApp:
		err = errors.New("the server must be rest or webapp")
	}
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	p.server.Inject(twcloudtest.Fault{
		Kind: kind, Server: f.Server, Method: strings.ToUpper(f.Method), PathSuffix: f.PathSuffix, Index: f.Index,
		Times: f.Times, RetryAfter: f.RetryAfter, Body: f.Body, Status: f.Status,
	})
	w.WriteHeader(http.StatusNoContent)
}

func (p plane) clearFaults(w http.ResponseWriter, _ *http.Request) {
	p.server.ClearFaults()
	w.WriteHeader(http.StatusNoContent)
}
