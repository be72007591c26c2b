using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// What the <c>http</c> timers of one source instance, method and class of status come to: a count of requests and a histogram of their duration, as
/// counters in Prometheus' form. Store's lock.
/// </summary>
internal sealed class HttpRequests(LabelSet labels)
{
    /// <summary>Series per method and class: requests, sum, count, and the buckets.</summary>
    public const int SeriesCount = FirstBucket + 12;

    private const int Requests = 0, Sum = 1, Observations = 2, FirstBucket = 3;
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, double.PositiveInfinity];

    private static readonly byte[][] BoundTexts =
    [
        "0.005"u8.ToArray(), "0.01"u8.ToArray(), "0.025"u8.ToArray(), "0.05"u8.ToArray(), "0.1"u8.ToArray(), "0.25"u8.ToArray(),
        "0.5"u8.ToArray(), "1"u8.ToArray(), "2.5"u8.ToArray(), "5"u8.ToArray(), "10"u8.ToArray(), "+Inf"u8.ToArray(),
    ];

    private readonly double[] _values = new double[SeriesCount];

    /// <summary>Whose requests these are.</summary>
    public LabelSet Labels { get; } = labels;

    /// <summary>The series as far as they are known; one that is gone is looked for again.</summary>
    public TimeSeries?[] Series { get; } = new TimeSeries?[SeriesCount];

    /// <summary>Time of the newest request, UNIX milliseconds.</summary>
    public long Seen { get; private set; } = long.MinValue;

    /// <summary>Time of the newest samples that were made.</summary>
    public long Sampled { get; set; } = long.MinValue;

    /// <summary>In the list of those that are to become samples.</summary>
    public bool IsDue { get; set; }

    /// <summary>The totals, which only grow.</summary>
    public Span<double> Values => _values;

    /// <summary>Counts a request.</summary>
    public void Count(double seconds, long time)
    {
        Seen = Math.Max(Seen, time);
        _values[Requests]++;
        _values[Sum] += seconds;
        _values[Observations]++;
        for (var bucket = Bounds.Length - 1; bucket >= 0 && seconds <= Bounds[bucket]; bucket--)
        {
            _values[FirstBucket + bucket]++;
        }
    }

    /// <summary>The name of one of the series.</summary>
    public static ReadOnlySpan<byte> NameOf(int series) => series switch
    {
        Requests => "http_requests_total"u8,
        Sum => "http_request_duration_seconds_sum"u8,
        Observations => "http_request_duration_seconds_count"u8,
        _ => "http_request_duration_seconds_bucket"u8,
    };

    /// <summary>Writes the identity of one of the series; that of the first ones is <paramref name="labels"/>.</summary>
    public static void WriteIdentity(IBufferWriter<byte> writer, int series, ReadOnlySpan<byte> labels)
    {
        RawEnvelope.TryReadHeader(labels, out var header);
        EnvelopeIdentity.Begin(writer, header.SourceId.Of(labels), header.InstanceId.Of(labels));
        if (series >= FirstBucket)
        {
            EnvelopeWriter.Tag(writer, "le"u8, BoundTexts[series - FirstBucket]);
        }

        var tags = new TagReader(labels);
        while (tags.MoveNext())
        {
            EnvelopeWriter.Tag(writer, tags.Key, tags.Value);
        }
    }

    /// <summary>Writes the identity that a timer counts for. Of methods and codes there are only so many, whatever a client sends.</summary>
    public static void WriteIdentity(IBufferWriter<byte> writer, ReadOnlySpan<byte> tagged, ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId)
    {
        EnvelopeReader.TryGetTag(tagged, "method"u8, out var method);
        EnvelopeReader.TryGetTag(tagged, "status_code"u8, out var status);
        EnvelopeIdentity.Begin(writer, sourceId, instanceId);
        EnvelopeWriter.Tag(writer, "method"u8, IsUsual(method) ? method : "OTHER"u8);
        EnvelopeWriter.Tag(writer, "status_class"u8, ClassOf(status));
    }

    private static bool IsUsual(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) || method.SequenceEqual("POST"u8) || method.SequenceEqual("PUT"u8) || method.SequenceEqual("DELETE"u8)
        || method.SequenceEqual("HEAD"u8) || method.SequenceEqual("PATCH"u8) || method.SequenceEqual("OPTIONS"u8)
        || method.SequenceEqual("CONNECT"u8) || method.SequenceEqual("TRACE"u8);

    private static ReadOnlySpan<byte> ClassOf(ReadOnlySpan<byte> status) => status.Length != 3 ? "unknown"u8 : status[0] switch
    {
        (byte)'1' => "1xx"u8,
        (byte)'2' => "2xx"u8,
        (byte)'3' => "3xx"u8,
        (byte)'4' => "4xx"u8,
        (byte)'5' => "5xx"u8,
        _ => "unknown"u8,
    };
}
