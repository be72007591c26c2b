using System.Globalization;

namespace Loggregator.Commands;

/// <summary>One question to Prometheus' HTTP API.</summary>
/// <param name="Expression">What is asked.</param>
/// <param name="At">When: of a range its end. Null: now, by the server's clock for an instant.</param>
/// <param name="Range">How far back from there, or null for that instant alone.</param>
/// <param name="Step">How far apart the answers of a range are.</param>
internal sealed record QueryRequest(string Expression, QueryMoment? At, TimeSpan? Range, TimeSpan Step)
{
    private const string Api = "/prometheus/api/v1/";

    /// <summary>Where it is asked.</summary>
    public string Path => Range is null ? Api + "query" : Api + "query_range";

    /// <summary>The end of what is asked for.</summary>
    public DateTimeOffset End(DateTimeOffset now) => At?.Of(now) ?? now;

    /// <summary>The fields of the form that asks it.</summary>
    public IEnumerable<KeyValuePair<string, string>> Form(DateTimeOffset now)
    {
        yield return new("query", Expression);
        if (Range is { } range)
        {
            yield return new("start", Seconds(End(now) - range));
            yield return new("end", Seconds(End(now)));
            yield return new("step", (Step.TotalMilliseconds / 1000).ToString("0.###", CultureInfo.InvariantCulture));
        }
        else if (At is not null)
        {
            yield return new("time", Seconds(End(now)));
        }
    }

    private static string Seconds(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000m).ToString("0.###", CultureInfo.InvariantCulture);
}
