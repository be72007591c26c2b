using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Rendering;

/// <summary>A form in which receivers want records. Pure and thread safe: bytes to bytes, no clock, no state.</summary>
internal interface IRecordFormat
{
    /// <summary>The media type of a message.</summary>
    string ContentType { get; }

    /// <summary>Whether a message is text, which a line feed may follow.</summary>
    bool IsText { get; }

    /// <summary>Writes one record's messages, each followed by <see cref="RenderedMessages.EndMessage"/>.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="envelope">The envelope's bytes.</param>
    /// <param name="header">Its header.</param>
    /// <param name="id">The record's id, UTF-8.</param>
    /// <returns>Null, or why this record has no such form, as a phrase; what was written is then taken back.</returns>
    string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id);
}
