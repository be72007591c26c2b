using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>One validated envelope that waits to be appended; offsets are into the message that holds it.</summary>
internal struct AppendRow
{
    /// <summary>The record, or the bare envelope.</summary>
    public int Offset, Length;

    /// <summary>Of the dropsonde envelope behind a bare envelope; it is kept behind the record.</summary>
    public int OriginalLength;

    public int SourceOffset, SourceLength;
    public ulong SourceHash;
    public long Timestamp;

    /// <summary>Whose number an <see cref="AppendForm.Unnumbered"/> envelope gets.</summary>
    public StreamKey Stream;

    public AppendForm Form;
    public byte Kind;

    /// <summary>The most bytes that it takes in the log.</summary>
    public readonly int MaxLength => Form == AppendForm.Record ? Length : Records.MaxHeaderLength + Length + Stamp.MaxLength + OriginalLength;
}

/// <summary>What there is in the message.</summary>
internal enum AppendForm : byte
{
    /// <summary>A whole record, to be copied as it is.</summary>
    Record,

    /// <summary>An envelope that has its stamp.</summary>
    Numbered,

    /// <summary>An envelope that gets the next stamp of its stream.</summary>
    Unnumbered,
}
