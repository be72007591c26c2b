namespace Loggregator.Nozzle.Delivery;

/// <summary>What has become of a record at its sink.</summary>
internal enum RecordState : byte
{
    /// <summary>Still to be delivered.</summary>
    Pending,

    /// <summary>The receiver has it.</summary>
    Delivered,

    /// <summary>It will never be delivered: the receiver, or the sink itself, refuses it.</summary>
    Refused,
}
