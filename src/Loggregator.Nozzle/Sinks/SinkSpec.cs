using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Filters;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks;

/// <summary>
/// What is to be known of a sink before it is made: its URL and options, checked. Options stand in the URL's query, or behind <c>#</c> (for web
/// addresses there alone, because their query is the receiver's), or are configuration keys of the same names. Immutable.
/// </summary>
internal sealed class SinkSpec
{
    private static readonly HashSet<string> DrainParameters =
        new(["drain-type", "drain-data", "include-metrics-deprecated", "disable-metadata", "omit-metadata", "ssl-strict-internal"], StringComparer.Ordinal);

    private static readonly HashSet<string> Filters =
        new(["selectors", "sources", "match", "exclude", "severity", "drain-type", "drain-data", "include-metrics-deprecated"], StringComparer.Ordinal);

    private readonly Func<SinkContext, ISink> _create;

    private SinkSpec(SinkUrl url, RecordFilter filter, DeliveryOptions delivery, BufferOptions buffer, Func<SinkContext, ISink> create)
    {
        (Url, Filter, Delivery, Buffer) = (url, filter, delivery, buffer);
        _create = create;
    }

    /// <summary>Where it delivers to.</summary>
    public SinkUrl Url { get; }

    /// <summary>What it takes.</summary>
    public RecordFilter Filter { get; }

    /// <summary>How it goes on after failures.</summary>
    public DeliveryOptions Delivery { get; }

    /// <summary>What its records wait in.</summary>
    public BufferOptions Buffer { get; }

    /// <summary>Reads a sink's URL and configuration keys.</summary>
    /// <param name="url">For example <c>kafka://broker:9092/logs?format=json</c>.</param>
    /// <param name="keys">Options from a configuration file; what the URL says goes first.</param>
    /// <param name="errors">Gets everything that is wrong, without secrets.</param>
    /// <returns>Null when there is an error.</returns>
    public static SinkSpec? Parse(string url, IReadOnlyDictionary<string, IReadOnlyList<string>> keys, ICollection<string> errors)
    {
        if (!SinkUrl.TryParse(url, out var parsed, out var error))
        {
            errors.Add($"The sink's URL {error}.");
            return null;
        }

        var kind = SinkKinds.All.FirstOrDefault(kind => kind.Schemes.Contains(parsed.Scheme));
        if (kind is null)
        {
            errors.Add($"There is no sink for '{parsed.Scheme}:'.{Nearest.Hint(parsed.Scheme, [.. SinkKinds.All.SelectMany(one => one.Schemes)])}");
            return null;
        }

        var found = new List<string>();
        var reader = new OptionReader(Options(parsed, keys), found);
        var create = kind.Read(parsed, reader);
        var spec = new SinkSpec(parsed, RecordFilter.Read(reader), ReadDelivery(reader), ReadBuffer(reader), create);
        reader.Finish();
        foreach (var secret in reader.Secrets)
        {
            parsed.AddSecret(secret);
        }

        foreach (var one in found)
        {
            errors.Add(parsed.Redact($"{parsed}: {one}"));
        }

        return found.Count == 0 ? spec : null;
    }

    /// <summary>Whether an option says what a sink takes, so that it may change while the sink goes on.</summary>
    public static bool IsFilter(string option) => Filters.Contains(option);

    /// <summary>The options that stand in a URL and in keys, what the URL says first; none of a URL that is none.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> AllOptions(string url, IReadOnlyDictionary<string, IReadOnlyList<string>> keys) =>
        SinkUrl.TryParse(url, out var parsed, out _) ? Options(parsed, keys) : keys;

    /// <summary>Makes the sink.</summary>
    /// <exception cref="SinkException">It cannot be made; the message is without secrets.</exception>
    public ISink Create(SinkContext context)
    {
        try
        {
            return _create(context);
        }
        catch (SinkException e)
        {
            throw new SinkException(Url.Redact($"{Url}: {e.Message}"));
        }
    }

    private static Dictionary<string, IReadOnlyList<string>> Options(SinkUrl url, IReadOnlyDictionary<string, IReadOnlyList<string>> keys)
    {
        var options = new Dictionary<string, IReadOnlyList<string>>(keys, StringComparer.Ordinal);
        foreach (var (name, given) in Pairs(url.Fragment).Concat(Pairs(url.Query).Where(pair => !url.IsWeb || DrainParameters.Contains(pair.Name))).GroupBy(pair => pair.Name, pair => pair.Value).Select(group => (group.Key, group.ToList())))
        {
            options[name] = given;
        }

        return options;
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string query)
    {
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0 ? (Decode(pair), "true") : (Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static DeliveryOptions ReadDelivery(OptionReader read)
    {
        var defaults = new DeliveryOptions();
        var longest = read.Read("retry-max", defaults.RetryMax, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        var options = new DeliveryOptions
        {
            RetryMin = read.Read("retry-min", longest < defaults.RetryMin ? longest : defaults.RetryMin, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)),
            RetryMax = longest,
            BreakAfter = read.Read("break-after", defaults.BreakAfter, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            StopTimeout = read.Read("stop-timeout", defaults.StopTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
        };
        if (options.RetryMax < options.RetryMin)
        {
            read.Fail("retry-max is shorter than retry-min. Raise it, or lower the other.");
        }

        return options;
    }

    private static BufferOptions ReadBuffer(OptionReader read)
    {
        var defaults = new BufferOptions();
        return new BufferOptions
        {
            Mode = read.Read("mode", defaults.Mode),
            Order = read.Read("order", defaults.Order),
            WhenFull = read.Read("when-full", defaults.WhenFull),
            Bytes = read.Read("buffer", 0L, 1024 * 1024) is > 0 and var bytes ? bytes : null,
            DeadLetterBytes = read.Read("dead-letters", defaults.DeadLetterBytes, 64 * 1024),
        };
    }
}
