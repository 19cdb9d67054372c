package provider

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// newLogger returns a logger that writes to Terraform's log. It needs the
// context of a call.
func newLogger() *slog.Logger { return slog.New(logHandler{}) }

// logHandler is a slog.Handler for the client, which logs at the levels debug and
// info.
type logHandler struct{}

func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, record.NumAttrs())
	record.Attrs(func(attribute slog.Attr) bool {
		fields[attribute.Key] = attribute.Value.String()
		return true
	})
	if record.Level >= slog.LevelInfo {
		tflog.Info(ctx, record.Message, fields)
		return nil
	}
	tflog.Debug(ctx, record.Message, fields)
	return nil
}

// The client does not use groups, and gives all attributes with each record.
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logHandler) WithGroup(string) slog.Handler      { return h }

// userAgent names the provider, the CLI, and the framework, with their
// versions.
func userAgent(version, terraformVersion string) string {
	agent := "terraform-provider-twcloud/" + version
	if terraformVersion != "" {
		agent += " Terraform/" + terraformVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/hashicorp/terraform-plugin-framework" {
				agent += " terraform-plugin-framework/" + module.Version
			}
		}
	}
	return agent
}
