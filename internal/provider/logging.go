package provider

import (
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tfsdklog"
)

// logsWanted reports whether an environment variable enables logs.
func logsWanted(environment []string) bool {
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "TF_LOG") && value != "" {
			return true
		}
	}
	return false
}

// LimitLogs limits what this process logs to warnings and errors, unless an
// environment variable enabled logs when the provider was made. The libraries
// would log each call in detail, and Terraform would read that and drop it. They
// take their levels from the environment only.
func (p *Provider) LimitLogs() {
	if p.logs {
		return
	}
	for _, variable := range []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_" + strings.ToUpper(logName)} {
		_ = os.Setenv(variable, "WARN") // It fails for wrong names alone.
	}
}

// logName is how Terraform's log names the provider.
const logName = "twcloud"

// warningsOnly returns a context whose logger writes warnings and errors to
// Terraform's log.
func warningsOnly() context.Context {
	return tfsdklog.NewRootProviderLogger(context.Background(),
		tfsdklog.WithLogName(logName), tfsdklog.WithLevel(hclog.Warn), tfsdklog.WithStderrFromInit())
}

// newLogger returns a logger that writes to Terraform's log. It needs the
// context of a call. Without logs, it writes warnings and errors only.
func newLogger(logs bool) *slog.Logger { return slog.New(logHandler{logs}) }

// logHandler is a slog.Handler for the client.
type logHandler struct{ logs bool }

func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return h.logs || level >= slog.LevelWarn
}

func (logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, record.NumAttrs())
	record.Attrs(func(attribute slog.Attr) bool {
		fields[attribute.Key] = attribute.Value.String()
		return true
	})
	write := tflog.Debug
	switch {
	case record.Level >= slog.LevelError:
		write = tflog.Error
	case record.Level >= slog.LevelWarn:
		write = tflog.Warn
	case record.Level >= slog.LevelInfo:
		write = tflog.Info
	}
	write(ctx, record.Message, fields)
	return nil
}

// The client does not use groups, and gives all attributes with each record.
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logHandler) WithGroup(string) slog.Handler      { return h }
