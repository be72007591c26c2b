using System.Globalization;
using Loggregator.PromQl.Syntax;

namespace Loggregator.Commands;

/// <summary>A time as <c>query</c> takes it: fixed, or so long before now, which moves on with <c>--watch</c>.</summary>
internal sealed record QueryMoment(DateTimeOffset? Fixed, TimeSpan Ago)
{
    private static readonly TimeSpan[] RoundSteps = [.. ((int[])[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200]).Select(s => TimeSpan.FromSeconds(s))];

    private const int MostSteps = 250;

    /// <summary>The time meant.</summary>
    public DateTimeOffset Of(DateTimeOffset now) => Fixed ?? now - Ago;

    /// <summary>Reads UNIX seconds, RFC 3339, or a duration before now.</summary>
    public static QueryMoment? Read(string text)
    {
        const long Latest = 253_402_300_799; // the end of the year 9999
        if (decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds is >= 0 and <= Latest ? new QueryMoment(DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000)), default) : null;
        }

        if (ReadDuration(text) is { } ago)
        {
            return new QueryMoment(null, ago);
        }

        return text.Contains('T', StringComparison.OrdinalIgnoreCase)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? new QueryMoment(time, default) : null;
    }

    /// <summary>Reads Prometheus' durations, such as <c>1h30m</c> or <c>500ms</c>, and plain seconds; null for what is none, or is not above zero.</summary>
    public static TimeSpan? ReadDuration(string text)
    {
        const long Longest = 100L * 365 * 86_400_000; // a hundred years, so that no time before now is out of bounds
        var milliseconds = decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < Longest / 1000 ? (long)(seconds * 1000)
            : PromDuration.TryParse(text, out var read, out _) ? read : 0;
        return milliseconds is > 0 and <= Longest ? TimeSpan.FromMilliseconds(milliseconds) : null;
    }

    /// <summary>A round step that cuts a range into at most 250 parts, as many as a chart can show.</summary>
    public static TimeSpan StepOf(TimeSpan range)
    {
        var fitting = RoundSteps.FirstOrDefault(step => range <= step * MostSteps);
        return fitting != default ? fitting : TimeSpan.FromDays(Math.Ceiling(range / TimeSpan.FromDays(MostSteps)));
    }
}
