package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// deviation takes the place of the server; next is the server.
type deviation func(w http.ResponseWriter, r *http.Request, body string, next http.Handler)

// behind returns the environment of a server that deviates.
func (h *harness) behind(t *testing.T, deviate deviation) map[string]string {
	t.Helper()
	target, err := url.Parse(h.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	next := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
		deviate(w, r, string(content), next)
	}))
	t.Cleanup(proxy.Close)
	return map[string]string{"TWCLOUD_ENDPOINT": proxy.URL}
}

// setBody gives a request another body.
func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// tellOnly answers a change with what the server has, and does not make it.
func tellOnly(w http.ResponseWriter, r *http.Request, next http.Handler) {
	r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0
	r.Header.Del("Content-Type")
	next.ServeHTTP(w, r)
}

// otherwise lets the server handle a request, and changes the answer.
func otherwise(w http.ResponseWriter, r *http.Request, next http.Handler, status int, change func(body map[string]any)) {
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, r)
	var body map[string]any
	if change == nil || json.Unmarshal(recorder.Body.Bytes(), &body) != nil {
		w.WriteHeader(status)
		return
	}
	change(body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}

func isChange(r *http.Request, body, field string) bool {
	return r.Method == http.MethodPatch && strings.Contains(body, `"`+field+`"`)
}

func isRegistration(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, collection)
}

func isList(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, collection)
}

func TestCheckWrite_deviations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		deviate deviation
		// works: the provider copes, so the check ends well.
		works bool
		// stays: the consumer cannot be removed, and must be named.
		stays bool
		want  []string
	}{
		"approval ignored": {
			deviate: func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if isChange(r, body, "approved") {
					tellOnly(w, r, next)
					return
				}
				next.ServeHTTP(w, r)
			},
			want: []string{
				"FAIL  approve        calls.update: the server said yes, but approved is false in place of true",
				"note  disapprove     not tried", "ok    rename", "not proven", "ok    remove",
			},
		},
		"name altered": {
			deviate: func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if isRegistration(r) {
					setBody(r, strings.Replace(body, "terraform-check-", "TERRAFORM-CHECK-", 1))
				}
				next.ServeHTTP(w, r)
			},
			want: []string{"FAIL  register       calls.register: the server said yes, but the name is \"TERRAFORM-CHECK-", "ok    remove"},
		},
		"PATCH answers 204": {
			deviate: func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				if r.Method == http.MethodPatch {
					otherwise(w, r, next, http.StatusNoContent, nil)
					return
				}
				next.ServeHTTP(w, r)
			},
			works: true,
			want:  []string{"note  approve        calls.update.success: the server answers with status 204", "ok    approve"},
		},
		"DELETE keeps it": {
			deviate: func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				if r.Method == http.MethodDelete {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				next.ServeHTTP(w, r)
			},
			stays: true,
			want:  []string{"FAIL  remove         calls.remove: the server said yes, but the consumer still exists", `(key "key-1") may still exist`},
		},
		"no key": {
			deviate: func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				if isRegistration(r) {
					otherwise(w, r, next, http.StatusCreated, func(body map[string]any) { body["id"] = body["key"]; delete(body, "key") })
					return
				}
				next.ServeHTTP(w, r)
			},
			works: true,
			want:  []string{"note  register       calls.register.answer.key: the answer cannot be read", "its members are _links, approved, createdOn, id, name"},
		},
		"list unreadable after registration": {
			deviate: unreadableListAfter(isRegistration),
			want:    []string{"ok    register", "FAIL  register       calls.list.answer.items: the answer cannot be read", "ok    remove"},
		},
		"rename refused": {
			deviate: func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if isChange(r, body, "name") {
					http.Error(w, "canary-words: canary-consumer-0 exists", http.StatusBadRequest)
					return
				}
				next.ServeHTTP(w, r)
			},
			want: []string{"FAIL  rename         calls.update: the server refused the input (status 400)", "refuses the old one", "ok    remove"},
		},
		"secret ignored": {
			deviate: func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if isChange(r, body, "secret") {
					tellOnly(w, r, next)
					return
				}
				next.ServeHTTP(w, r)
			},
			want: []string{"FAIL  secret         calls.update: the server said yes, but it still accepts the old secret, and refuses the new one", "ok    remove"},
		},
		"secret of the registration ignored": {
			deviate: func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if isRegistration(r) {
					setBody(r, strings.Replace(body, `"secret":"`, `"secret":"other`, 1))
				}
				next.ServeHTTP(w, r)
			},
			want: []string{"FAIL  secret         calls.register: the server said yes, but it refuses", "ok    remove"},
		},
		"refused and done": {
			deviate: func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				if isRegistration(r) {
					otherwise(w, r, next, http.StatusBadRequest, nil)
					return
				}
				next.ServeHTTP(w, r)
			},
			want: []string{"FAIL  register       calls.register: the server refused the input (status 400)", "note  remove         found terraform-check-", "ok    remove"},
		},
		"lost, and list unreadable": {
			deviate: func() deviation {
				unreadable := unreadableListAfter(isRegistration)
				return func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
					if isRegistration(r) {
						w = httptest.NewRecorder()
						unreadable(w, r, body, next)
						panic(http.ErrAbortHandler)
					}
					unreadable(w, r, body, next)
				}
			}(),
			stays: true,
			want:  []string{"FAIL  register", "may have been registered", "the list cannot be read"},
		},
		"list lacks it": {
			deviate: func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				if isList(r) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, "[]")
					return
				}
				next.ServeHTTP(w, r)
			},
			want: []string{"FAIL  register       calls.list: the list does not have the consumer", "ok    remove"},
		},
		"approved from the start": {
			deviate: func(w http.ResponseWriter, r *http.Request, body string, next http.Handler) {
				if !isRegistration(r) {
					next.ServeHTTP(w, r)
					return
				}
				otherwise(w, r, next, http.StatusCreated, func(created map[string]any) {
					key, _ := created["key"].(string)
					approve := r.Clone(r.Context())
					approve.Method = http.MethodPatch
					approve.URL.Path += "/" + key
					setBody(approve, `{"approved":true}`)
					recorder := httptest.NewRecorder()
					next.ServeHTTP(recorder, approve)
					created["approved"] = true
				})
			},
			works: true,
			want:  []string{"note  register       calls.register: the new consumer is approved from the start"},
		},
		"no such changes": {
			deviate: func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
				if r.Method == http.MethodPatch {
					http.Error(w, "canary-words", http.StatusMethodNotAllowed)
					return
				}
				next.ServeHTTP(w, r)
			},
			want: []string{
				"FAIL  approve        calls.update: the server has no such call (status 405)", "FAIL  rename         calls.update",
				"FAIL  set_secret     calls.update", "ok    remove",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t, withoutContract)
			before := h.server.Consumers()
			report, err := h.checkWriting(t.Context(), h.behind(t, test.deviate))
			if test.works != (err == nil) || !test.works && !errors.Is(err, provider.ErrCheckFailed) {
				t.Errorf("error: %v", err)
			}
			end := `as the guide "When your server differs" shows.`
			if test.works {
				end = "The provider works with this server."
			}
			h.expectReport(t, report, before, test.stays, append([]string{"ok    sign-out", end}, test.want...)...)
		})
	}
}

// expectReport fails unless the report says all of the words, and the server has
// what it had before. What stays is removed first: the report must name it.
func (h *harness) expectReport(t *testing.T, report string, before []twcloudtest.Consumer, stays bool, words ...string) {
	t.Helper()
	for _, want := range words {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if stays {
		h.removeNamed(t, report)
	}
	h.expectNothingLeft(t, report, before)
	if t.Failed() || testing.Verbose() {
		t.Log(report)
	}
}

// unreadableListAfter has the list in another form, once a request has come.
func unreadableListAfter(trigger func(*http.Request) bool) deviation {
	var seen atomic.Bool
	return func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		if seen.Load() && isList(r) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"canary-consumer-0":{"key":"canary-key-0"}}`)
			return
		}
		if trigger(r) {
			seen.Store(true)
		}
		next.ServeHTTP(w, r)
	}
}
