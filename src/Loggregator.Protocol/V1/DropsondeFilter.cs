using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Protocol.V1;

/// <summary>
/// A v1 subscription's filter: an app and a kind. The app of a log message, of a container's metric and of an HTTP event is named in it; all
/// else, and an HTTP event without app, is the app <c>system</c>'s. Envelopes that came as v2 count as what they become in v1. Immutable.
/// </summary>
public sealed class DropsondeFilter : IEnvelopeFilter, IEquatable<DropsondeFilter>
{
    private readonly byte[] _appId;
    private readonly bool _isSystem;
    private readonly bool _isIndexed;

    /// <summary>Takes a request's filter over.</summary>
    /// <param name="appId">The app; empty for all.</param>
    /// <param name="kind">The kind.</param>
    public DropsondeFilter(string appId, DropsondeKind kind)
    {
        _appId = Encoding.UTF8.GetBytes(appId);
        _isSystem = _appId.AsSpan().SequenceEqual(System);
        _isIndexed = !_isSystem && !(UuidPacking.TryParse(_appId, out var low, out var high) && low == 0 && high == 0);
        Kind = kind;
    }

    /// <summary>The kind.</summary>
    public DropsondeKind Kind { get; }

    /// <summary>UTF-8 app id; empty for all.</summary>
    public ReadOnlySpan<byte> AppId => _appId;

    /// <inheritdoc/>
    /// <remarks>That of the app. HTTP events are found by it if they came as v1, or if their source id is written as the app id is.</remarks>
    public ReadOnlySpan<byte> SourceId => _isIndexed ? _appId : default;

    private static ReadOnlySpan<byte> System => "system"u8;

    private bool TakesSystem => _appId.Length == 0 || _isSystem;

    /// <inheritdoc/>
    public bool Concerns(EnvelopeType type, bool hasOriginal) => hasOriginal || type switch
    {
        EnvelopeType.Log => Kind != DropsondeKind.Metrics || TakesSystem,
        EnvelopeType.Counter => Kind != DropsondeKind.Logs && TakesSystem,
        EnvelopeType.Gauge or EnvelopeType.Timer => Kind != DropsondeKind.Logs,
        _ => false,
    };

    /// <inheritdoc/>
    public bool TakesAll(EnvelopeType type, bool hasOriginal) =>
        _appId.Length == 0 && (Kind == DropsondeKind.Any || (!hasOriginal && type != EnvelopeType.Log));

    /// <inheritdoc/>
    public bool TakesCounter(ReadOnlySpan<byte> name) => Kind != DropsondeKind.Logs && TakesSystem;

    /// <inheritdoc/>
    public bool MatchesContent(in EnvelopeHeader header, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> original)
    {
        if (!original.IsEmpty)
        {
            return MatchesOriginal(original);
        }

        var source = header.SourceId.Of(envelope);
        switch (header.Type)
        {
            case EnvelopeType.Log:
                return V2ToV1.IsError(new V2Tags(envelope, header.Flags)) ? TakesAs(DropsondeKind.Metrics, System) : TakesAs(DropsondeKind.Logs, source);
            case EnvelopeType.Counter:
                return TakesAs(DropsondeKind.Metrics, System);
            case EnvelopeType.Gauge:
                return TakesAs(DropsondeKind.Metrics, _appId.Length == 0 || ContainerUsage.IsIn(envelope, header) ? source : System);
            case EnvelopeType.Timer:
                Span<byte> text = stackalloc byte[UuidPacking.TextLength];
                var hasApp = UuidPacking.TryParse(source, out var low, out var high);
                UuidPacking.Format(low, high, text);
                return TakesAs(DropsondeKind.Metrics, hasApp ? text : System);
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public bool Equals(DropsondeFilter? other) => other is not null && Kind == other.Kind && AppId.SequenceEqual(other._appId);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DropsondeFilter);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Kind);
        hash.AddBytes(_appId);
        return hash.ToHashCode();
    }

    private bool TakesAs(DropsondeKind kind, ReadOnlySpan<byte> appId) =>
        (Kind == DropsondeKind.Any || Kind == kind) && (_appId.Length == 0 || appId.SequenceEqual(_appId));

    private bool MatchesOriginal(ReadOnlySpan<byte> envelope)
    {
        DropsondeEnvelope.TryRead(envelope, out var header);
        Span<byte> text = stackalloc byte[UuidPacking.TextLength];
        return header.Type switch
        {
            DropsondeType.LogMessage => TakesAs(DropsondeKind.Logs, LastText(envelope, DropsondeFields.Log, DropsondeFields.LogAppId)),
            DropsondeType.ContainerMetric =>
                TakesAs(DropsondeKind.Metrics, LastText(envelope, DropsondeFields.Container, DropsondeFields.ContainerAppId)),
            DropsondeType.HttpStartStop => TakesAs(DropsondeKind.Metrics, TryReadHttpApp(envelope, text) ? text : System),
            _ => TakesAs(DropsondeKind.Metrics, System),
        };
    }

    private static ReadOnlySpan<byte> LastText(ReadOnlySpan<byte> envelope, uint payload, uint field)
    {
        ReadOnlySpan<byte> text = default;
        var fields = new DropsondePayload(envelope, payload);
        while (fields.MoveNext())
        {
            text = fields.Field.Tag == field ? fields.Field.Bytes : text;
        }

        return text;
    }

    private static bool TryReadHttpApp(ReadOnlySpan<byte> envelope, Span<byte> text)
    {
        ulong low = 0, high = 0;
        var found = false;
        var fields = new DropsondePayload(envelope, DropsondeFields.Http);
        while (fields.MoveNext())
        {
            if (fields.Field.Tag == DropsondeFields.HttpAppId)
            {
                HttpToTimer.ReadUuid(fields.Field.Bytes, ref low, ref high);
                found = true;
            }
        }

        UuidPacking.Format(low, high, text);
        return found;
    }
}
