package twcloud

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestLoggingHoldsNothingThatIsSecret(t *testing.T) {
	t.Parallel()
	redact := &redactor{}
	redact.add(testPassword)
	for name, test := range map[string]struct {
		answer *http.Response
		err    error
		want   string
	}{
		"an answer": {
			answer: reply(http.StatusOK, "canary-body", "Set-Cookie", "canary-cookie=1", "X-Header", "canary-header"),
			want:   "status=200",
		},
		"an error": {
			err:  errors.New("dial http://user:canary-proxy@proxy: " + testPassword),
			want: `error="dial http://(redacted)@proxy: (redacted)"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			link := &logging{
				logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				redact: redact.text,
				next:   transportFunc(func(*http.Request) (*http.Response, error) { return test.answer, test.err }),
			}
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost,
				"https://canary-user@twcloud.example.com:8111/osmc/x?password=canary-query", strings.NewReader("canary-body"))
			request.Header.Set("Authorization", "canary-authorization")
			response, err := link.RoundTrip(request)
			if response != test.answer || !errors.Is(err, test.err) {
				t.Errorf("got %v, %v", response, err)
			}
			for _, want := range []string{test.want, "method=POST", "host=twcloud.example.com:8111", "path=/osmc/x"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("no %s in %s", want, log.String())
				}
			}
			if strings.Contains(log.String(), "canary") || strings.Count(log.String(), "\n") != 1 {
				t.Errorf("the log is\n%s", log.String())
			}
		})
	}
}
