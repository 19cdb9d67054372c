package twcloud

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestLogsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		answer *http.Response
		err    error
	}{
		"status=200": {answer: reply(http.StatusOK, "canary-body", "Set-Cookie", "canary-cookie=1", "X-Header", "canary-header")},
		`error="dial http://(redacted)@proxy: (redacted)"`: {err: errors.New("dial http://user:canary-proxy@proxy: " + testPassword)},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			server := &fakeServer{serve: func(*http.Request) (*http.Response, error) { return test.answer, test.err }}
			client := fakeClient(t, server, func(o *Options) {
				o.Endpoint = mustParseURL(t, "https://canary-user@twcloud.example.com:8111?password=canary-query")
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				o.MaxRetries = 0
			})
			if _, err := client.Update(t.Context(), "k", Changes{Secret: new(testSecret)}); err == nil {
				t.Error("no error")
			}
			login, exchange, _ := strings.Cut(log.String(), "\n")
			for _, want := range []string{want, "method=PATCH", "host=twcloud.example.com:8111", "path=/osmc/admin/oauthconsumers/k"} {
				if !strings.Contains(exchange, want) {
					t.Errorf("no %s in %s", want, exchange)
				}
			}
			if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), seatName(1)) || !strings.Contains(login, "path=/osmc/login") {
				t.Errorf("the log is\n%s", log.String())
			}
		})
	}
}
