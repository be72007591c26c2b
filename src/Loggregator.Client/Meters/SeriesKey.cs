using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Loggregator.Client.Meters;

/// <summary>An instrument and the tags of a measurement, which are a set: their order does not matter.</summary>
/// <param name="Instrument">What measures.</param>
/// <param name="TagText">The tags, each <c>name NUL value NUL</c>, in the order of their names.</param>
internal readonly record struct SeriesKey(Instrument Instrument, string TagText)
{
    private const char Separator = '\0';

    public static SeriesKey Of(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return new SeriesKey(instrument, "");
        }

        var sorted = tags.ToArray();
        Array.Sort(sorted, static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        var text = new StringBuilder();
        foreach (var (name, value) in sorted)
        {
            text.Append(Clean(name)).Append(Separator).Append(Clean(Convert.ToString(value, CultureInfo.InvariantCulture))).Append(Separator);
        }

        return new SeriesKey(instrument, text.ToString());
    }

    /// <summary>The tags.</summary>
    public IEnumerable<KeyValuePair<string, string>> Tags()
    {
        var parts = TagText.Split(Separator);
        for (var i = 0; i + 1 < parts.Length; i += 2)
        {
            yield return new(parts[i], parts[i + 1]);
        }
    }

    private static string Clean(string? text) => (text ?? "").Replace(Separator, ' ');
}
