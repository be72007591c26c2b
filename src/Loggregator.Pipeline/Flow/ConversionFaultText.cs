using System.Diagnostics.Metrics;
using Loggregator.Protocol.V1;

namespace Loggregator.Pipeline.Flow;

/// <summary>The texts of <see cref="ConversionFault"/> in metrics.</summary>
public static class ConversionFaultText
{
    private static readonly string[] Texts = ["none", "malformed", "missing_field", "unknown_type", "no_payload", "not_in_v1", "too_large"];

    /// <summary>Counts by fault as measurements tagged <c>reason</c>.</summary>
    public static IEnumerable<Measurement<long>> Measure(long[] counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        for (var fault = (int)ConversionFault.None + 1; fault < counts.Length; fault++)
        {
            yield return new Measurement<long>(Interlocked.Read(ref counts[fault]), new KeyValuePair<string, object?>("reason", Texts[fault]));
        }
    }
}
