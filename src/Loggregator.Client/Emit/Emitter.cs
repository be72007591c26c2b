using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Client.Emit;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Client;

/// <summary>
/// Sends logs and metrics to a Loggregator agent. Any thread may emit; unless <see cref="WhenFull.Wait"/> is set nobody ever waits, and while there
/// is no agent the queue holds what it can. Each method returns whether the envelope was taken; what was not, and what is lost later, is counted
/// by reason, told to <see cref="EmitterOptions.OnLoss"/>, and written into the stream. Texts that are no valid UTF-16 get U+FFFD in place of what is wrong.
/// </summary>
public sealed class Emitter : IAsyncDisposable
{
    private readonly EmitterOptions _options;
    private readonly EnvelopeAuthor _author;
    private readonly AsyncSignal _work = new();
    private readonly EmitLosses _losses;
    private readonly EmitQueue _queue;
    private readonly EmitSender _sender;
    private readonly CancellationTokenSource _abort = new();
    private readonly PeerCredentials? _credentials;
    private readonly GrpcChannel? _channel;
    private readonly Task _sending;
    private int _disposed;

    /// <summary>An emitter that dials the agent when the first envelope comes, and again whenever the connection is gone.</summary>
    /// <exception cref="ArgumentException">A setting is of no use.</exception>
    /// <exception cref="CredentialsException">The certificates cannot be used.</exception>
    public Emitter(EmitterOptions options)
        : this(options, null)
    {
    }

    /// <summary>Sends over <paramref name="agent"/> instead, whose channel stays the caller's.</summary>
    internal Emitter(EmitterOptions options, CallInvoker? agent)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Check();
        _author = new EnvelopeAuthor(options);
        if (agent is null)
        {
            _credentials = options.Tls?.ForPeer(options.Clock);
            _channel = new PeerConnector(_credentials).Open(options.Agent, options.Tls?.ServerName ?? PeerConnector.AgentName);
        }

        _losses = new EmitLosses(options);
        _queue = new EmitQueue(options, _losses.Table, _work);
        _sender = new EmitSender(agent ?? _channel!.CreateCallInvoker(), options, _queue, _losses, _work);
        _sending = Task.Run(() => _sender.RunAsync(_abort.Token));
    }

    /// <summary>What has become of the envelopes so far.</summary>
    public EmitCounts Counts
    {
        get
        {
            var lost = _losses.Totals();
            var (offered, held) = _queue.Counts;
            return new EmitCounts(offered, _sender.Sent, lost.Values.Sum(), held, lost);
        }
    }

    /// <summary>Why the agent was last not reached, in words; empty when it always was.</summary>
    public string LastFailure => _losses.Failure;

    /// <summary>Whether the queue is at most half full.</summary>
    public bool HasRoom => _queue.HasRoom;

    /// <summary>Its clock.</summary>
    internal TimeProvider Clock => _options.Clock;

    /// <summary>Emits a log. Of a text longer than <see cref="EmitterOptions.MaxLogBytes"/> each part is an envelope.</summary>
    /// <param name="text">The line, without its end.</param>
    /// <param name="isError">Whether it was written to stderr.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool Log(string text, bool isError = false, EnvelopeDetails? details = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        using var line = new Utf8Scratch(text, stackalloc byte[Utf8Scratch.StackBytes]);
        return LogBytes(line.Span, isError, details);
    }

    /// <summary>Emits a log whose payload is these bytes, whatever they are.</summary>
    /// <param name="payload">The line, without its end.</param>
    /// <param name="isError">Whether it was written to stderr.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool LogBytes(ReadOnlySpan<byte> payload, bool isError = false, EnvelopeDetails? details = null)
    {
        var all = true;
        do
        {
            var part = EnvelopeAuthor.FirstPart(payload, _options.MaxLogBytes);
            using var envelope = _author.Begin(details, out var origin);
            EnvelopeWriter.Log(envelope, origin.Timestamp, origin.SourceId, origin.InstanceId, part, isError);
            all &= _queue.Add(envelope.Span);
            payload = payload[part.Length..];
        }
        while (!payload.IsEmpty);

        return all;
    }

    /// <summary>Counts something: the agent adds to the total of that source and name.</summary>
    /// <param name="name">What is counted.</param>
    /// <param name="delta">How much more it is.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool Counter(string name, ulong delta = 1, EnvelopeDetails? details = null) => Counter(name, delta, 0, details);

    /// <summary>Tells the total of something that is counted elsewhere.</summary>
    /// <param name="name">What is counted.</param>
    /// <param name="total">How much it is in all.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool CounterTotal(string name, ulong total, EnvelopeDetails? details = null) => Counter(name, 0, total, details);

    /// <summary>Tells a value.</summary>
    /// <param name="name">What is measured.</param>
    /// <param name="value">Its value.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool Gauge(string name, double value, string unit = "", EnvelopeDetails? details = null) => Gauges([new GaugeReading(name, value, unit)], details);

    /// <summary>Tells several values that belong together, in one envelope. Of equal names the last counts.</summary>
    /// <param name="readings">The values.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool Gauges(ReadOnlySpan<GaugeReading> readings, EnvelopeDetails? details = null)
    {
        var metrics = new GaugeMetric[readings.Length];
        for (var i = 0; i < metrics.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(readings[i].Name, nameof(readings));
            metrics[i] = new GaugeMetric(readings[i].Name, readings[i].Value, readings[i].Unit ?? "");
        }

        using var envelope = _author.Begin(details, out var origin);
        EnvelopeWriter.Gauge(envelope, origin.Timestamp, origin.SourceId, origin.InstanceId, metrics);
        return _queue.Add(envelope.Span);
    }

    /// <summary>Tells how long something took.</summary>
    /// <param name="name">What it was.</param>
    /// <param name="start">When it began.</param>
    /// <param name="stop">When it ended.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool Timer(string name, DateTimeOffset start, DateTimeOffset stop, EnvelopeDetails? details = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        using var utf8 = new Utf8Scratch(name, stackalloc byte[Utf8Scratch.StackBytes]);
        using var envelope = _author.Begin(details, out var origin);
        EnvelopeWriter.Timer(
            envelope, origin.Timestamp, origin.SourceId, origin.InstanceId, utf8.Span, EnvelopeAuthor.Nanoseconds(start), EnvelopeAuthor.Nanoseconds(stop));
        return _queue.Add(envelope.Span);
    }

    /// <summary>Tells that something happened.</summary>
    /// <param name="title">What, in a few words.</param>
    /// <param name="body">More of it.</param>
    /// <param name="details">What differs from the defaults.</param>
    public bool Event(string title, string body, EnvelopeDetails? details = null)
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(body);
        using var titleUtf8 = new Utf8Scratch(title, stackalloc byte[Utf8Scratch.StackBytes]);
        using var bodyUtf8 = new Utf8Scratch(body, stackalloc byte[Utf8Scratch.StackBytes]);
        using var envelope = _author.Begin(details, out var origin);
        EnvelopeWriter.Event(envelope, origin.Timestamp, origin.SourceId, origin.InstanceId, titleUtf8.Span, bodyUtf8.Span);
        return _queue.Add(envelope.Span);
    }

    /// <summary>Emits a serialised <c>loggregator.v2.Envelope</c> as it is: no default is added. What is none is counted as invalid.</summary>
    /// <param name="envelope">Its bytes.</param>
    public bool Emit(ReadOnlySpan<byte> envelope)
    {
        if (RawEnvelope.TryRead(envelope, out _))
        {
            return _queue.Add(envelope);
        }

        _queue.Refuse();
        return false;
    }

    /// <summary>Completes when the queue is at most half full, for producers that can wait: files, not requests.</summary>
    /// <param name="cancel">Ends the wait.</param>
    public Task WaitForRoomAsync(CancellationToken cancel = default) => _queue.WaitForRoomAsync(cancel);

    /// <summary>Completes when everything emitted before has been sent, or lost, and says what has become of all so far.</summary>
    /// <param name="cancel">Ends the wait, not the sending.</param>
    public async Task<EmitCounts> FlushAsync(CancellationToken cancel = default)
    {
        await _queue.FlushAsync().WaitAsync(cancel).ConfigureAwait(false);
        return Counts;
    }

    /// <summary>Takes nothing more, sends what is held, and says what has become of all.</summary>
    /// <param name="cancel">Ends the sending: what is still held then is lost.</param>
    public async Task<EmitCounts> CompleteAsync(CancellationToken cancel = default)
    {
        _queue.End();
        if (!_sending.IsCompleted)
        {
            await using (cancel.Register(_abort.Cancel).ConfigureAwait(false))
            {
                await _sending.ConfigureAwait(false);
            }
        }

        _losses.TellUser();
        return Counts;
    }

    /// <summary>As <see cref="CompleteAsync"/>, within <see cref="EmitterOptions.CloseTimeout"/>; what is lost by that is told as all losses are.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            await _sending.ConfigureAwait(false);
            return;
        }

        using (var deadline = new CancellationTokenSource(_options.CloseTimeout, _options.Clock))
        {
            await CompleteAsync(deadline.Token).ConfigureAwait(false);
        }

        _losses.Dispose();
        _queue.Dispose();
        _abort.Dispose();
        _channel?.Dispose();
        _credentials?.Dispose();
    }

    private bool Counter(string name, ulong delta, ulong total, EnvelopeDetails? details)
    {
        ArgumentNullException.ThrowIfNull(name);
        using var utf8 = new Utf8Scratch(name, stackalloc byte[Utf8Scratch.StackBytes]);
        using var envelope = _author.Begin(details, out var origin);
        EnvelopeWriter.Counter(envelope, origin.Timestamp, origin.SourceId, origin.InstanceId, utf8.Span, delta, total);
        return _queue.Add(envelope.Span);
    }
}
