package provider

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Values from the server are shown only if they have these forms.
var (
	versionLike   = regexp.MustCompile(`^[0-9][0-9A-Za-z .+-]{0,40}$`)
	realmLike     = regexp.MustCompile(`^[0-9A-Za-z_-]{1,20}$`)
	mediaTypeLike = regexp.MustCompile(`^[a-z]+/[0-9a-z.+-]+$`)
)

func (r *checkReport) describeSurvey(survey twcloud.Survey) string {
	shape := r.clean(survey.Shape)
	switch {
	case survey.WebPage:
		shape = "a web page"
	case shape == "":
		shape = "no JSON"
	}
	mediaType, _, _ := strings.Cut(survey.ContentType, ";")
	if mediaType = strings.ToLower(strings.TrimSpace(mediaType)); !mediaTypeLike.MatchString(mediaType) {
		mediaType = "no media type"
	}
	return fmt.Sprintf("status %d, %s, %s", survey.Status, mediaType, shape)
}

// describeFailure describes an error without the messages of the server or of
// lower layers, because those can name hosts and users.
func describeFailure(err error) string {
	var kinds []string
	for _, known := range advice {
		if errors.Is(err, known.kind) {
			kinds = append(kinds, known.kind.Error())
		}
	}
	if errors.Is(err, twcloud.ErrPanic) {
		kinds = append(kinds, twcloud.ErrPanic.Error())
	}
	text := cmp.Or(strings.Join(kinds, "; "), "it failed")
	if status := failureOf(err).Status; status != 0 {
		text += fmt.Sprintf(" (status %d)", status)
	}
	return text
}

// aboutProfile reports whether an error can mean that the server differs from
// the API profile.
func aboutProfile(err error) bool {
	unreachable := isLogin(err) && isAny(err, twcloud.ErrUnreachable, twcloud.ErrTimeout)
	return !unreachable && !isAny(err, twcloud.ErrForbidden, twcloud.ErrSession, twcloud.ErrServer, twcloud.ErrTooManyRequests,
		twcloud.ErrSingleSignOn, twcloud.ErrNoCredentials, twcloud.ErrCredentials, twcloud.ErrCanceled, twcloud.ErrClosed, twcloud.ErrPanic)
}

// partOf returns the part of the API profile that an error is about, and what
// the server has instead.
func (r *checkReport) partOf(err error) (part, found string) {
	causes := []error{err}
	if registration, ok := errors.AsType[*twcloud.RegistrationError](err); ok {
		causes = []error{registration.Cause, registration.Look}
	}
	for _, cause := range causes {
		if failure := failureOf(cause); failure.Part != "" {
			return failure.Part, r.found(failure)
		}
	}
	return "", ""
}

// found is what a response has instead of the expected part. It is empty if it
// can contain data of other consumers. For the list, the finding about its form
// has it.
func (r *checkReport) found(failure *twcloud.Error) string {
	if failure.Found == "" || strings.HasPrefix(failure.Part, "calls.list") {
		return ""
	}
	for text := range r.others {
		if text != "" && strings.Contains(failure.Found, text) {
			return ""
		}
	}
	return ": " + r.clean(failure.Found)
}

// adviceInCheck is the advice of diagnostics for errors of the connection. It
// is empty for errors about what Terraform does.
func (r *checkReport) adviceInCheck(err error) string {
	// A malformed sign-in has its own advice.
	if errors.Is(err, twcloud.ErrCanceled) || !isLogin(err) && isAny(err, twcloud.ErrClosed, twcloud.ErrNotFound, twcloud.ErrNotApplied,
		twcloud.ErrInvalid, twcloud.ErrConflict, twcloud.ErrSecretNeeded, twcloud.ErrUnsupported, twcloud.ErrIncomplete) {
		return ""
	}
	return strings.TrimSpace(strings.TrimSuffix(r.server.adviceFor(err), whenDiffers))
}
