import {
  ProtocolError,
  type FrameOffload,
  type FrameWriter,
  type Ip,
} from "../../devices/index.ts";
import { encode, headerBytes, protocolNumber, setChecksum } from "./packet.ts";

/** Where a datagram goes from and to, and how. The arrays are *borrowed*. */
export interface DatagramHeader {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly timeToLive: number | undefined;
  readonly trafficClass: number;
  readonly ipOptions: Uint8Array | undefined;
}

/** The longest payload that fits an IPv4 packet. */
const maxPayloadBytes = 65_507;

const complete: FrameOffload = { checksumOmitted: false, segmentBytes: 0 };
const withoutChecksum: FrameOffload = { checksumOmitted: true, segmentBytes: 0 };
const noPayload = new Uint8Array(0);

/** Writes datagrams to an {@link Ip}, all with one function, so that none costs a closure. */
export class DatagramSender {
  #header: DatagramHeader | undefined;
  #payload: Uint8Array = noPayload;
  #offload = complete;

  /**
   * Sends a datagram with `payload` (*borrowed*).
   *
   * @throws {ProtocolError} as {@link Ip.write}
   */
  send(ip: Ip, header: DatagramHeader, payload: Uint8Array): void {
    if (payload.length > maxPayloadBytes) {
      const message = `Cannot send a datagram of ${payload.length} bytes: ${maxPayloadBytes} fit`;
      throw new ProtocolError("too-large", message);
    }
    const lengthBytes = headerBytes + payload.length;
    // What is cut into fragments needs its checksum: nobody could fill it in on the way.
    // So does what goes another way, where the header has another destination meanwhile.
    const { source, timeToLive, trafficClass, ipOptions } = header;
    const mayOmit = ip.offloads.checksum && ipOptions === undefined;
    const omits = mayOmit && lengthBytes <= ip.pathPayloadBytes(header.destination);
    const offload = omits ? withoutChecksum : complete;
    this.#header = header;
    this.#payload = payload;
    this.#offload = offload;
    const options = { source, timeToLive, trafficClass, ipOptions, offload };
    ip.write(header.destination, protocolNumber, lengthBytes, this.#fill, options);
  }

  readonly #fill: FrameWriter = (into) => {
    const header = this.#header;
    if (header === undefined) return 0;
    const { source, destination, sourcePort, destinationPort } = header;
    const packet = { sourcePort, destinationPort, checksum: 0, payload: this.#payload };
    const lengthBytes = encode(packet, into);
    if (!this.#offload.checksumOmitted) setChecksum(into, lengthBytes, source, destination);
    this.#payload = noPayload;
    return lengthBytes;
  };
}
