package twcloud

import (
	"log/slog"
	"net/http"
	"time"
)

// logging records the method, path, status, and duration of each exchange.
// Queries, headers, and bodies can have passwords, cookies, and secrets, so it
// never records those.
type logging struct {
	next   http.RoundTripper
	logger *slog.Logger
	redact func(string) string
}

func (l *logging) RoundTrip(request *http.Request) (*http.Response, error) {
	start := time.Now()
	response, err := l.next.RoundTrip(request)

	attributes := []slog.Attr{
		slog.String("method", request.Method),
		slog.String("host", request.URL.Host),
		slog.String("path", shownPath(request.URL)),
		slog.Duration("duration", time.Since(start)),
	}
	if err != nil {
		attributes = append(attributes, slog.String("error", l.redact(err.Error())))
	} else {
		attributes = append(attributes, slog.Int("status", response.StatusCode))
	}
	l.logger.LogAttrs(request.Context(), slog.LevelDebug, "Teamwork Cloud exchange", attributes...)
	return response, err
}
